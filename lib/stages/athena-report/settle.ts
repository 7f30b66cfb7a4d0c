import type { ResolvedLake } from '../../config/resolved';
import type { DataFile } from '../../iceberg/data-file';
import { ancestors, formatMetadata } from '../../iceberg/metadata';
import { isOpen } from '../../ledger/attempts';
import type { StandingAttempt, SteppedAttempt } from '../../ledger/stepped-attempts';
import { ATTEMPT } from '../../query/read-from';
import { commitContended } from '../../table/errors';
import { liveFiles } from '../../table/live-files';
import { type OpenTable, openTable } from '../../table/open';
import { adoptable, filesOfDate, replaceDate } from '../report/adopt';
import { emptyReport } from '../report/table';
import { fail, succeed } from './close';
import { filesOfTwo, writtenMissing } from './errors';
import type { AthenaReportPorts, ReportProgress } from './ports';
import { type ReportDate, tablesRead } from './source';
import { stagedFiles } from './staging';

/**
 * After a write into the report succeeded: its files are those of the date with a greater sequence number than the
 * attempt's; none is an empty report, done. Files of two commits are those of two queries.
 */
export async function settle(ports: AthenaReportPorts, standing: StandingAttempt): Promise<ReportProgress> {
  const { attempt } = standing;
  const { report, date, sequenceNumber } = attempt;
  const open = await openTable(ports, report);
  if (!open) return fail(ports, standing, writtenMissing(report, date, report));
  const files = filesOfDate(open, await liveFiles(ports.store, open.metadata), attempt);
  const numbers = new Set(files.map(live => live.sequenceNumber));
  const isAlone = numbers.size <= 1 && files.every(live => live.sequenceNumber > sequenceNumber);
  if (!isAlone) return fail(ports, standing, filesOfTwo(report, date));
  const [filesOf] = numbers;
  const snapshot = open.metadata.snapshots.find(s => s['sequence-number'] === filesOf);
  return succeed(ports, standing, {
    filesOf,
    rows: files.reduce((sum, { file }) => sum + (file.content === 0 ? file.recordCount : 0), 0),
    ...(snapshot ? { snapshotId: String(snapshot['snapshot-id']) } : {}),
  });
}

const TRIES = 20;

/**
 * After a write into a staging table succeeded: its files become the date's, in one commit. A crash before that commit
 * leaves the staging table, for the next call; after it the commit is found by the attempt's id.
 * @throws TM_6014, TM_6015, TM_6105 and TM_6106 when what was staged cannot be the report's
 */
export async function adopt(
  ports: AthenaReportPorts,
  lake: ResolvedLake,
  { report }: ReportDate,
  standing: StandingAttempt,
): Promise<ReportProgress> {
  const { attempt } = standing;
  const readFrom = (await tablesRead(ports, lake, report)).map(table => table.name);
  for (let i = 0; i < TRIES; i++) {
    const open = await openTable(ports, attempt.report);
    const done = open && [...ancestors(open.metadata)].find(s => s.summary[ATTEMPT] === attempt.id);
    if (done) {
      return succeed(ports, standing, {
        filesOf: done['sequence-number'],
        rows: Number(done.summary['added-records'] ?? 0),
        snapshotId: String(done['snapshot-id']),
      });
    }
    const staged = await stagedFiles(ports, attempt);
    if (!open) {
      await create(ports, attempt);
      continue;
    }
    const added = await adoptFiles(ports, open, attempt, staged);
    // Asked after the metadata was read: another process may have closed it, and a later attempt replaced its rows.
    if (!(await isOpen(ports.items, attempt))) return { did: 'nothing' };
    // Committed or refused, the table is read again: what stands there is what closes the attempt.
    await replaceDate(ports, open, attempt, { added, readFrom });
  }
  throw commitContended(attempt.report, TRIES);
}

/** The engine's manifest has bounds that its files' footers do not state. */
async function adoptFiles(
  ports: AthenaReportPorts,
  open: OpenTable,
  { report, date, fields }: SteppedAttempt,
  staged: readonly DataFile[],
): Promise<DataFile[]> {
  const uris = staged.map(file => file.path);
  const own = await adoptable(ports.store, open, { report, date, fields: fields!, uris });
  return own.map((file, i) => ({ ...file, metrics: staged[i]!.metrics }));
}

/** Refused if a write that was given up made it after all; then its field ids are the table's. */
async function create(ports: AthenaReportPorts, { report, fields }: SteppedAttempt): Promise<void> {
  await ports.catalog.create(report, formatMetadata(emptyReport(ports, fields!, ports.store.uri(report))));
}

import type { Field } from '../../columnar/types';
import type { ResolvedLake, ResolvedReport } from '../../config/resolved';
import { withMetadataLog } from '../../iceberg/evolution';
import { currentSchema, formatMetadata } from '../../iceberg/metadata';
import { firstRunAction, readFirstRun } from '../../ledger/first-run';
import { moveAttempt, type StandingAttempt, type SteppedAttempt } from '../../ledger/stepped-attempts';
import type { ItemAction } from '../../ports/items';
import type { ResultColumn } from '../../ports/query-engine';
import { createReportSql } from '../../query/athena/create-report';
import { insertReportSql } from '../../query/athena/insert-report';
import { withPlaceholders } from '../../query/athena/placeholders';
import { reportSelect } from '../../query/athena/report-select';
import { reportColumnName } from '../../query/errors';
import { firstFields, reportColumns, withReportColumns, writtenFields } from '../../query/report-fields';
import { calledAsSource } from '../../query/report-table';
import type { ColumnShape } from '../../table/columns';
import { commitContended } from '../../table/errors';
import { liveFiles } from '../../table/live-files';
import { type OpenTable, openTable } from '../../table/open';
import { filesOfDate } from '../report/adopt';
import { launch } from './launch';
import type { AthenaReportPorts, ReportProgress } from './ports';
import { athenaSource, type ReportDate } from './source';
import { stagingTable } from './staging';

/** What a write is, before it is noted. */
interface Write {
  readonly kind: NonNullable<SteppedAttempt['kind']>;
  /** All columns of the table that it writes to, in that table's order. */
  readonly fields: readonly Field[];
  /** The report's; 0 before the table. */
  readonly sequenceNumber: number;
  readonly also: readonly ItemAction[];
}

/**
 * The second step: the report's table gets the columns it lacks, then the statement that writes is noted and started.
 * A crash after the schema's commit leaves columns that nobody fills yet.
 * @param described what the first step's statement gave
 * @throws TM_60xx for columns that no table can hold, or that the report's cannot become
 */
export async function write(
  ports: AthenaReportPorts,
  lake: ResolvedLake,
  of: ReportDate,
  { standing, described }: { standing: StandingAttempt; described: readonly ResultColumn[] },
): Promise<ReportProgress> {
  const { attempt } = standing;
  const columns = athenaColumns(attempt.report, described);
  const open = await evolved(ports, lake, of.report, columns);
  const { also, ...chosen } = open
    ? await intoTable(ports, standing, open)
    : await withoutTable(ports, attempt, columns);
  const source = await athenaSource(ports, lake, of);
  const written = writtenFields(chosen.fields, columns);
  const select = reportSelect(source, written, attempt.date);
  const statement = { ...select, sql: writeSql(ports, { ...attempt, ...chosen }, written, select.sql) };
  const next: SteppedAttempt = {
    ...attempt,
    ...chosen,
    ...withPlaceholders(statement),
    step: 'write',
    stepAt: ports.clock.now(),
    job: undefined,
  };
  const noted = await moveAttempt(ports.items, standing, next, also);
  return noted ? launch(ports, noted) : { did: 'nothing' };
}

/**
 * Athena's tables have names in lower case, whatever the SQL calls them. A column without a name is called by its place,
 * which another column would move.
 * @throws TM_6011 for that, and as reportColumns
 */
export function athenaColumns(report: string, described: readonly ResultColumn[]): ColumnShape[] {
  const unnamed = described.find(c => /^_col\d+$/.test(c.name));
  if (unnamed) throw reportColumnName(report, unnamed.name, 'is called by its place alone');
  return reportColumns(report, described).map(c => ({ ...c, name: athenaName(c.name) }));
}

export const athenaName = (name: string) => name.toLowerCase();

/** The report's table with room for the columns; undefined when there is none yet. */
async function evolved(
  ports: AthenaReportPorts,
  lake: ResolvedLake,
  report: ResolvedReport,
  columns: readonly ColumnShape[],
): Promise<OpenTable | undefined> {
  const { name } = report;
  for (let i = 0; i < TRIES; i++) {
    const open = await openTable(ports, name);
    if (!open) return undefined;
    const now = ports.clock.now();
    const named = await calledAsSource(ports, lake, { report, open, spelled: athenaName });
    const metadata = withReportColumns(named, report, columns, now);
    if (metadata === open.metadata) return open;
    const previous = { uri: open.pointer.uri, updatedMs: open.metadata['last-updated-ms'] };
    const next = formatMetadata(withMetadataLog(metadata, previous, now));
    await ports.catalog.swap(name, open.pointer, next);
  }
  throw commitContended(name, TRIES);
}

const TRIES = 20;

/**
 * A plain INSERT only appends, so it is for a date without files, and without a write that was given up and may land
 * beside it. Everything else is staged.
 */
async function intoTable(
  ports: AthenaReportPorts,
  { attempt }: StandingAttempt,
  open: OpenTable,
): Promise<Write> {
  const files = filesOfDate(open, await liveFiles(ports.store, open.metadata), attempt);
  const isPlain = files.length === 0 && attempt.tries === 1 && attempt.lateUntil === undefined;
  return {
    kind: isPlain ? 'insert' : 'restage',
    fields: currentSchema(open.metadata).fields,
    sequenceNumber: open.metadata['last-sequence-number'],
    also: [],
  };
}

/** The report's one CREATE TABLE AS, if it was never tried; then the adoption of staged files makes the table. */
async function withoutTable(
  ports: AthenaReportPorts,
  { id, report, date }: SteppedAttempt,
  columns: readonly ColumnShape[],
): Promise<Write> {
  const first = await readFirstRun(ports.items, report);
  const isFirst = first?.id === id && !first.created;
  return {
    kind: isFirst ? 'create' : 'restage',
    fields: firstFields(columns),
    sequenceNumber: 0,
    also: isFirst ? [firstRunAction(report, first, { id, date, created: true })] : [],
  };
}

function writeSql(
  { store, databases }: AthenaReportPorts,
  attempt: Pick<SteppedAttempt, 'id' | 'kind' | 'report'>,
  fields: readonly Field[],
  select: string,
): string {
  const own = { database: databases.lake, table: attempt.report };
  if (attempt.kind === 'create') return createReportSql(own, store.uri(attempt.report), select);
  const staging = { database: databases.staging, table: stagingTable(attempt) };
  return insertReportSql(attempt.kind === 'insert' ? own : staging, fields, select);
}

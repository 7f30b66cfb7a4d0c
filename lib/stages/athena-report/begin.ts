import type { ResolvedLake } from '../../config/resolved';
import { firstRunAction, isRunning, readFirstRun } from '../../ledger/first-run';
import { moveAttempt, type StandingAttempt, type SteppedAttempt } from '../../ledger/stepped-attempts';
import type { ItemAction } from '../../ports/items';
import { withPlaceholders } from '../../query/athena/placeholders';
import { describeSql } from '../../query/athena/report-select';
import { openTable } from '../../table/open';
import { fail } from './close';
import { isOfReport, launch } from './launch';
import type { AthenaReportPorts, ReportProgress } from './ports';
import { athenaSource, type ReportDate } from './source';

/**
 * Opens an attempt for a date that has none open, and starts its first statement: what columns the SQL gives. SQL that
 * cannot even be sent closes it as failed.
 * @param before the date's last attempt
 * @param tries runs of the date in a row, with this one
 */
export async function begin(
  ports: AthenaReportPorts,
  lake: ResolvedLake,
  of: ReportDate,
  { before, tries }: { readonly before: StandingAttempt | undefined; readonly tries: number },
): Promise<ReportProgress> {
  const { report, date } = of;
  const now = ports.clock.now();
  const opened: SteppedAttempt = {
    id: ports.ids.fresh(),
    report: report.name,
    date,
    state: 'open',
    startedAt: now,
    step: 'describe',
    stepAt: now,
    sql: '',
    params: [],
    sequenceNumber: 0,
    tries,
    lateUntil: before?.attempt.lateUntil,
    filesOf: before?.attempt.filesOf,
  };
  const first = await firstRun(ports, opened);
  if (first === 'waits') return { did: 'waits' };
  try {
    const described = withPlaceholders(describeSql(await athenaSource(ports, lake, of)));
    const standing = await moveAttempt(ports.items, before, { ...opened, ...described }, first);
    return standing ? launch(ports, standing) : { did: 'nothing' };
  } catch (error) {
    if (!isOfReport(error)) throw error;
    const standing = await moveAttempt(ports.items, before, opened, first);
    return standing ? fail(ports, standing, error) : { did: 'nothing' };
  }
}

/** Until the table exists one attempt per report is open: its transaction takes the place of the last one's that had it. */
async function firstRun(
  ports: AthenaReportPorts,
  { id, report, date }: SteppedAttempt,
): Promise<'waits' | readonly ItemAction[]> {
  if (await openTable(ports, report)) return [];
  const first = await readFirstRun(ports.items, report);
  if (first && (await isRunning(ports.items, report, first))) return 'waits';
  return [firstRunAction(report, first, { id, date, created: first?.created ?? false })];
}

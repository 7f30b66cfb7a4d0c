import type { ResolvedLake, ResolvedReport } from '../../config/resolved';
import { moveScheduled, readScheduled } from '../../ledger/report-schedule';
import { listReporting, readSteppedAttempt, type SteppedAttempt } from '../../ledger/stepped-attempts';
import type { LakePorts } from '../../ports/lake-ports';
import { localDate } from '../ingest/dates';
import type { AthenaReportPorts } from './ports';
import { firstReceived, oldestWaiting } from './received';
import { type ReportDate, tablesRead } from './source';

type SchedulePorts = LakePorts & Pick<AthenaReportPorts, 'readSql'>;

/** A date of a report that `continueReport` has something to do for, or may have. */
export interface DueReport {
  readonly report: string;
  readonly date: string;
}

/** What is due, and what could not be found out: one report's fault keeps no other from its date. */
export interface Due {
  readonly reports: readonly DueReport[];
  readonly failures: readonly { readonly report: string; readonly error: unknown }[];
}

/** Dates of one report that are begun by one sweep: a backfill of years must not take every query the account may run. */
const DATES_MAX = 5;

/**
 * What is taken in bears the date on which that began, and is numbered when the function is done with it, which may be
 * on the next: no function that takes in runs for so long. A date counts as ended only then, or its report lacks rows.
 */
const IN_FLIGHT_MS = 10 * 60_000;

/** The date that is not over yet, as far as reports are concerned. */
function openDate({ timezone }: ResolvedLake, ms: number): string {
  return localDate(ms - IN_FLIGHT_MS, timezone);
}

/**
 * What the sweep hands to `continueReport`: attempts that are open (their event may be lost), failures whose pause is
 * over, dates that may have a write landing late, then dates of daily reports that are due. Starts no statement; it
 * notes how far each schedule has come.
 */
export async function dueReports(ports: SchedulePorts, lake: ResolvedLake): Promise<Due> {
  const reports: DueReport[] = [];
  const failures: { report: string; error: unknown }[] = [];
  const now = ports.clock.now();
  for (const { report, date } of await listReporting(ports.items)) {
    if (!lake.reports.some(r => r.name === report)) continue;
    const attempt = (await readSteppedAttempt(ports.items, report, date))?.attempt;
    if (!attempt) continue;
    const { state, againAt, lateUntil } = attempt;
    if (state === 'open' || lateUntil !== undefined || (againAt ?? Number.POSITIVE_INFINITY) <= now)
      reports.push({ report, date });
  }
  for (const report of lake.reports.filter(r => r.schedule === 'daily')) {
    try {
      const dates = await scheduledDates(ports, lake, report);
      reports.push(...dates.map(date => ({ report: report.name, date })));
    } catch (error) {
      failures.push({ report: report.name, error });
    }
  }
  return { reports, failures };
}

/**
 * A date is due once it has ended in the lake's timezone, nothing of it can be under way any more and all that was
 * received on it is merged: from the first date of the log on, or the day after the last one that was begun. A date that
 * was begun before it ended is begun again.
 */
async function scheduledDates(
  ports: SchedulePorts,
  lake: ResolvedLake,
  report: ResolvedReport,
): Promise<string[]> {
  const today = openDate(lake, ports.clock.now());
  const scheduled = await readScheduled(ports.items, report.name);
  // Asked first, as it is the answer of every sweep but one a day.
  if (scheduled && nextDate(scheduled.through) >= today) return [];
  const tables = await tablesRead(ports, lake, report);
  const first = scheduled ? nextDate(scheduled.through) : await firstReceived(ports, tables);
  if (first === undefined || first >= today) return [];
  const waiting = await oldestWaiting(ports, tables);
  const due: string[] = [];
  let begun = scheduled?.through;
  for (let date = first; date < today && due.length < DATES_MAX; date = nextDate(date)) {
    const attempt = (await readSteppedAttempt(ports.items, report.name, date))?.attempt;
    const isBegun = attempt !== undefined && beganAfter(lake, attempt);
    if (isBegun && due.length === 0) begun = date;
    if (isBegun) continue;
    if (waiting !== undefined && waiting <= date) break;
    due.push(date);
  }
  if (begun !== undefined && begun !== scheduled?.through)
    await moveScheduled(ports.items, report.name, scheduled, begun);
  return due;
}

/** Whether an attempt began when its date had ended: what was received later on the date is in none that began before. */
function beganAfter(lake: ResolvedLake, { startedAt, date }: SteppedAttempt): boolean {
  return openDate(lake, startedAt) > date;
}

/** Whether a date that is built has ended since, as a daily report's is due again then. */
export async function isDueAgain(
  ports: SchedulePorts,
  lake: ResolvedLake,
  { report, date }: ReportDate,
  attempt: SteppedAttempt,
): Promise<boolean> {
  const hasEnded = openDate(lake, ports.clock.now()) > date;
  if (report.schedule !== 'daily' || !hasEnded || beganAfter(lake, attempt)) return false;
  const waiting = await oldestWaiting(ports, await tablesRead(ports, lake, report));
  return waiting === undefined || waiting > date;
}

const nextDate = (date: string) => new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10);

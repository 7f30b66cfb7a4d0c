import type { ResolvedLake, ResolvedReport } from '../../config/resolved';
import { readSteppedAttempt, type StandingAttempt } from '../../ledger/stepped-attempts';
import { checkDate } from '../../query/report-sql';
import { begin } from './begin';
import { fail } from './close';
import { isDueAgain } from './due';
import { jobFailed, jobForgotten } from './errors';
import { isOfReport, launch } from './launch';
import { lookAgain, nextTry } from './look';
import type { AthenaReportPorts, ReportProgress } from './ports';
import { adopt, settle } from './settle';
import type { ReportDate } from './source';
import { write } from './write';

/**
 * Builds a date of a report, again if it was built before; goes on with the run that is open, if one is. Starts a
 * statement at most and waits for none: the engine's event, or the sweep, calls `continueReport` (PROTOCOL.md, R).
 *
 * A run has two statements, each noted before it starts: what columns the SQL gives, then the write. The first date of
 * a report is a CREATE TABLE AS, a date without files an INSERT INTO, everything else an INSERT INTO a staging table
 * whose files are adopted in one commit.
 * @throws TM_6018 for the date; the SQL's own faults close the attempt as failed instead
 */
export async function startReport(
  ports: AthenaReportPorts,
  lake: ResolvedLake,
  report: ResolvedReport,
  date: string,
): Promise<ReportProgress> {
  checkDate(date);
  const of = { report, date };
  const before = await readSteppedAttempt(ports.items, report.name, date);
  if (before?.attempt.state === 'open') return goOn(ports, lake, of, before);
  return begin(ports, lake, of, { before, tries: nextTry(before) });
}

/**
 * Does what is to be done for a date now: begins one that was never begun, goes on with the open attempt, tries a
 * failed one again when its pause is over and a daily one when its date has ended since, looks once more where a write
 * may have landed late. Nothing for a date that is built. May be called at any time, by two at once: all it does is
 * conditional on the attempt that it read.
 */
export async function continueReport(
  ports: AthenaReportPorts,
  lake: ResolvedLake,
  report: ResolvedReport,
  date: string,
): Promise<ReportProgress> {
  const of = { report, date };
  const standing = await readSteppedAttempt(ports.items, report.name, date);
  if (!standing) return startReport(ports, lake, report, date);
  const { state, againAt, lateUntil } = standing.attempt;
  if (state === 'open') return goOn(ports, lake, of, standing);
  const again = againAt !== undefined && againAt <= ports.clock.now();
  if (again || (await isDueAgain(ports, lake, of, standing.attempt))) {
    return begin(ports, lake, of, { before: standing, tries: nextTry(standing) });
  }
  if (lateUntil !== undefined) return lookAgain(ports, lake, of, standing);
  return { did: 'nothing' };
}

async function goOn(
  ports: AthenaReportPorts,
  lake: ResolvedLake,
  of: ReportDate,
  standing: StandingAttempt,
): Promise<ReportProgress> {
  const { report, date, job: id } = standing.attempt;
  if (id === undefined) return launch(ports, standing);
  const job = await ports.jobs.job(id);
  if (!job) return fail(ports, standing, jobForgotten(report, date, id));
  if (job.state === 'queued' || job.state === 'running') return { did: 'runs', attempt: standing.attempt };
  const failed = jobFailed(report, date, job.reason ?? `the query was ${job.state}`);
  const { scannedBytes } = job;
  if (job.state !== 'succeeded') return { ...(await fail(ports, standing, failed)), scannedBytes };
  try {
    return { ...(await succeeded(ports, lake, of, standing)), scannedBytes };
  } catch (error) {
    if (isOfReport(error)) return { ...(await fail(ports, standing, error)), scannedBytes };
    throw error;
  }
}

async function succeeded(
  ports: AthenaReportPorts,
  lake: ResolvedLake,
  of: ReportDate,
  standing: StandingAttempt,
): Promise<ReportProgress> {
  const { step, kind, job } = standing.attempt;
  if (step === 'describe') {
    const { columns } = await ports.jobs.rows(job!);
    return write(ports, lake, of, { standing, described: columns });
  }
  return kind === 'restage' ? adopt(ports, lake, of, standing) : settle(ports, standing);
}

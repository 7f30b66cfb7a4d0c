import type { ResolvedLake } from '../../config/resolved';
import { moveAttempt, type StandingAttempt } from '../../ledger/stepped-attempts';
import { liveFiles } from '../../table/live-files';
import { openTable } from '../../table/open';
import { filesOfDate } from '../report/adopt';
import { begin } from './begin';
import { TRIES_MAX } from './close';
import type { AthenaReportPorts, ReportProgress } from './ports';
import type { ReportDate } from './source';

/**
 * Looks once more at a date of which an earlier write was given up: files beside those that the last good run left are
 * that write's, which landed late. Then the date is staged and replaced. When it can land no more the watch ends.
 */
export async function lookAgain(
  ports: AthenaReportPorts,
  lake: ResolvedLake,
  of: ReportDate,
  standing: StandingAttempt,
): Promise<ReportProgress> {
  const { attempt } = standing;
  const now = ports.clock.now();
  const failed = attempt.state === 'failed';
  if (failed && now < (attempt.againAt ?? 0)) return { did: 'nothing' };
  const open = await openTable(ports, attempt.report);
  const files = open ? filesOfDate(open, await liveFiles(ports.store, open.metadata), attempt) : [];
  // A date whose SQL fails for good is not run every minute for the sake of what landed.
  const spent = failed && attempt.tries >= TRIES_MAX;
  if (!spent && files.some(live => live.sequenceNumber !== attempt.filesOf)) {
    return begin(ports, lake, of, { before: standing, tries: nextTry(standing) });
  }
  if (now < attempt.lateUntil!) return { did: 'nothing' };
  await moveAttempt(ports.items, standing, { ...attempt, lateUntil: undefined });
  return { did: 'nothing' };
}

/** Counts runs in a row, from the first after one that succeeded. */
export function nextTry(before: StandingAttempt | undefined): number {
  return before?.attempt.state === 'failed' ? before.attempt.tries + 1 : 1;
}

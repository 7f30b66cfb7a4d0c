import { moveAttempt, type StandingAttempt, type SteppedAttempt } from '../../ledger/stepped-attempts';
import type { AthenaReportPorts, ReportProgress } from './ports';
import { stagingTable } from './staging';

/** How often a date is tried by itself before a person has to look. */
export const TRIES_MAX = 5;

/** Before the second try; each further one waits twice as long. */
const PAUSE_MS = 5 * 60_000;

/** How long a write that was given up may take to land: the longest that a DML query can be allowed, and a margin. */
const LATE_MS_MAX = 6 * 3_600_000;

type End = Pick<SteppedAttempt, 'rows' | 'filesOf' | 'snapshotId'>;

/** Closes an attempt as done. Its date is looked at again while an earlier write of it may still land. */
export async function succeed(
  ports: AthenaReportPorts,
  standing: StandingAttempt,
  end: End,
): Promise<ReportProgress> {
  const { attempt } = standing;
  await forget(ports, attempt);
  const closed = await moveAttempt(ports.items, standing, {
    ...attempt,
    state: 'succeeded',
    filesOf: undefined,
    ...end,
  });
  return closed ? { did: 'succeeded', attempt: closed.attempt } : { did: 'nothing' };
}

/**
 * Closes an attempt as failed; the date's last good rows stay. Its statement is never sent again, as it may land a
 * moment later: the next attempt of the date is staged and replaces whatever landed, and until then, and some hours
 * beyond, the date is looked at once more.
 */
export async function fail(
  ports: AthenaReportPorts,
  standing: StandingAttempt,
  error: Error,
): Promise<ReportProgress> {
  const { attempt } = standing;
  const now = ports.clock.now();
  const mayLand = attempt.step === 'write' && attempt.kind !== 'restage';
  await forget(ports, attempt);
  const closed = await moveAttempt(ports.items, standing, {
    ...attempt,
    state: 'failed',
    error: error.message,
    againAt: attempt.tries < TRIES_MAX ? now + PAUSE_MS * 2 ** (attempt.tries - 1) : undefined,
    lateUntil: mayLand ? now + LATE_MS_MAX : attempt.lateUntil,
  });
  return closed ? { did: 'failed', attempt: closed.attempt } : { did: 'nothing' };
}

/**
 * Before the attempt closes, so that a crash in between leaves an attempt to go on with. Its adoption is found in the
 * report's snapshots then, not in the staging table.
 */
async function forget(ports: AthenaReportPorts, attempt: SteppedAttempt): Promise<void> {
  if (attempt.step === 'write' && attempt.kind === 'restage')
    await ports.staging.forget(stagingTable(attempt));
}

import { TidemarkError } from '../../errors';
import { moveAttempt, type StandingAttempt } from '../../ledger/stepped-attempts';
import { fail } from './close';
import { startUnknown } from './errors';
import type { AthenaReportPorts, ReportProgress } from './ports';
import { makeStaging } from './staging';

/** How long a noted statement may be started again under its token: the engine must not have forgotten it. */
const START_MS_MAX = 30 * 60_000;

/**
 * Starts the statement that an attempt has noted, under the token of the attempt and its step, and notes the job. Two
 * processes start one job. A crash before the note leaves a statement that the next call starts again: the same job.
 * @throws what a start that may have succeeded throws; the attempt stays open
 */
export async function launch(ports: AthenaReportPorts, standing: StandingAttempt): Promise<ReportProgress> {
  const { attempt } = standing;
  if (ports.clock.now() - attempt.stepAt > START_MS_MAX) {
    return fail(ports, standing, startUnknown(attempt.report, attempt.date));
  }
  if (attempt.step === 'write' && attempt.kind === 'restage') await makeStaging(ports, attempt);
  const { sql, params, id, step } = attempt;
  try {
    const job = await ports.jobs.start({ sql, params, token: `${id}-${step}` });
    const noted = await moveAttempt(ports.items, standing, { ...attempt, job });
    return { did: 'runs', attempt: noted?.attempt ?? { ...attempt, job } };
  } catch (error) {
    if (isOfReport(error)) return fail(ports, standing, error);
    throw error;
  }
}

/** Whether an error is the report's own, and the same again however often it is tried; all others are the world's. */
export function isOfReport(error: unknown): error is TidemarkError {
  return error instanceof TidemarkError && /^TM_6[01]|^TM_3010/.test(error.code);
}

import { pause } from './backoff';
import { awsDenied, awsFailed } from './errors';
import { isDenied, isTransient, nameOf } from './failures';

/** The last pauses are seconds long: a place in the queue comes free more slowly than a server recovers. */
const TRIES = 10;

/**
 * Calls again, after a growing and random pause, what Athena refused for its quotas or did not answer clearly. The
 * call must be one that may be repeated.
 * @throws TM_5201 after the last try, TM_5203 for a missing permission, else what Athena says
 */
export async function calledAgain<T>(name: string, where: string, call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await call();
    } catch (error) {
      if (isDenied(error)) throw awsDenied(name, where, error);
      if (!isTransient(error)) throw error;
      if (tries === TRIES) throw awsFailed(name, where, error);
    }
    await pause(tries);
  }
}

/** Whether Athena refused the request itself: a statement it cannot read, an id it does not know. */
export function isInvalid(error: unknown): error is Error {
  return nameOf(error) === 'InvalidRequestException';
}

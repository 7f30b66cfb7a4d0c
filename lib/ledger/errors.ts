import { TidemarkError } from '../errors';
import type { TaskScope } from './keys';

/** TM_2801: what is to be kept with a task is larger than an item of the ledger takes beside its errors. */
export const taskTooLarge = (scope: TaskScope, id: string, what: 'payload' | 'result', bytes: number) =>
  new TidemarkError(
    'TM_2801',
    `the ${what} of a task has ${bytes} bytes of JSON, more than its place in the ledger takes`,
    placeOf(scope, id),
    'put it into an object of the store and keep the name with the task',
  );

/**
 * TM_2802: the worker of a task was not heard of until its lease was over: it was killed, ran out of memory, or hung. It
 * counts as a failed try, so that a task that kills each of its workers comes to an end.
 */
export const taskAbandoned = (scope: TaskScope, id: string, owner: string) =>
  new TidemarkError(
    'TM_2802',
    `the worker ${owner} ended, or hung, without a word before its task was done`,
    placeOf(scope, id),
    'give the workers more memory or time, or make the tasks smaller, and retry it',
  );

function placeOf({ load, step }: TaskScope, id: string): string {
  return `load ${load}, step ${step}, task ${id}`;
}

import type { Items } from '../ports/items';
import type { TaskScope } from './keys';
import {
  checkSize,
  MOVES_MAX,
  type Move,
  moveTasks,
  readPage,
  readTask,
  type StandingTask,
  type Task,
} from './tasks';

/** A task that is to be done. The payload is what a worker needs to know, and small. */
export type NewTask = Pick<Task, 'id' | 'payload'>;

/**
 * Adds tasks, of different ids, as pending. One that is there already stays as it is: who died between two transactions
 * adds the same tasks again.
 * @returns how many were new
 * @throws TM_2801 for a payload that is too large; nothing was added then
 */
export async function addTasks(
  items: Items,
  scope: TaskScope,
  tasks: readonly NewTask[],
  now: number,
): Promise<number> {
  if (new Set(tasks.map(({ id }) => id)).size < tasks.length) throw new Error('two tasks have one id');
  for (const { id, payload } of tasks) checkSize(scope, id, 'payload', payload);
  let count = 0;
  for (let start = 0; start < tasks.length; start += MOVES_MAX) {
    let moves = tasks.slice(start, start + MOVES_MAX).map(({ id, payload }): Move => {
      return { to: { id, payload, state: 'pending', since: now, retry: 0, token: 0, errors: [] } };
    });
    while (moves.length > 0) {
      const result = await moveTasks(items, scope, moves);
      if (result.done) {
        count += moves.length;
        break;
      }
      moves = moves.filter((_, i) => !result.blocked.includes(i));
    }
  }
  return count;
}

/**
 * Makes tasks that failed or are ignored pending again, as if never tried but for their tokens and errors: all, or one.
 * A crash in between leaves the rest for another call.
 * @returns how many
 */
export async function retryTasks(
  items: Items,
  scope: TaskScope,
  { now, id }: { readonly now: number; readonly id?: string },
): Promise<number> {
  if (id !== undefined) return retryRead(items, scope, [await readTask(items, scope, id)], now);
  let count = 0;
  // In this order: one that comes to be ignored meanwhile is met there.
  for (const state of ['failed', 'ignored'] as const) {
    for (let after: string | undefined; ; ) {
      const { standing, next } = await readPage(items, scope, state, { after, limit: MOVES_MAX });
      count += await retryRead(items, scope, standing, now);
      if (next === undefined) break;
      after = next;
    }
  }
  return count;
}

async function retryRead(
  items: Items,
  scope: TaskScope,
  read: readonly (StandingTask | undefined)[],
  now: number,
): Promise<number> {
  for (let left = read; ; ) {
    const moves = left.flatMap((from): Move[] => {
      if (!from || (from.task.state !== 'failed' && from.task.state !== 'ignored')) return [];
      const { until: _, ...task } = from.task;
      return [{ from, to: { ...task, state: 'pending', since: now, retry: 0 } }];
    });
    if (moves.length === 0) return 0;
    if ((await moveTasks(items, scope, moves)).done) return moves.length;
    left = await Promise.all(moves.map(({ to }) => readTask(items, scope, to.id)));
  }
}

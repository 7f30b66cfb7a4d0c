import { createHash } from 'node:crypto';
import type { ItemAction, Items } from '../ports/items';
import { TASK_COUNT_PREFIX, type TaskScope, taskCountKey, tasksPartition } from './keys';

/** The states of a task and their numbers, by which the ledger lists them. */
export const TASK_STATES = { pending: 10, in_progress: 12, failed: 14, succeeded: 16, ignored: 18 } as const;
export type TaskState = keyof typeof TASK_STATES;
export type TaskCounts = Readonly<Record<TaskState, number>>;

/**
 * Counters of a step's tasks. A task is counted in the one that its id falls to, in the transaction that moves it: with
 * one for all, workers would wait for each other there. Read by one query, whatever the number of tasks.
 */
const SHARES = 64;

const NONE: TaskCounts = { pending: 0, in_progress: 0, failed: 0, succeeded: 0, ignored: 0 };

/** A task that goes from one state, or none, to another. */
export interface Crossing {
  readonly id: string;
  readonly from?: TaskState;
  readonly to: TaskState;
}

/** Tasks by state, exactly as far as moves were done before the call. */
export async function countTasks(items: Items, scope: TaskScope): Promise<TaskCounts> {
  const shares = await items.query(tasksPartition(scope), TASK_COUNT_PREFIX);
  return shares.map(({ value }) => value as TaskCounts).reduce(added, NONE);
}

/** What counts these tasks anew, on condition that nobody counted in the same shares meanwhile. */
export async function countActions(
  items: Items,
  scope: TaskScope,
  crossings: readonly Crossing[],
): Promise<ItemAction[]> {
  if (crossings.every(({ from, to }) => from === to)) return [];
  const stored = await items.query(tasksPartition(scope), TASK_COUNT_PREFIX);
  const known = new Map(stored.map(item => [item.sort, item]));
  const counted = new Map<number, TaskCounts>();
  for (const { id, from, to } of crossings) {
    const share = shareOf(id);
    const before =
      counted.get(share) ?? (known.get(taskCountKey(scope, share).sort)?.value as TaskCounts) ?? NONE;
    const left = from ? { ...before, [from]: before[from] - 1 } : before;
    counted.set(share, { ...left, [to]: left[to] + 1 });
  }
  return [...counted].map(([share, value]) => {
    const put = taskCountKey(scope, share);
    return { put, value, if: known.get(put.sort)?.version ?? 'absent' };
  });
}

function added(a: TaskCounts, b: TaskCounts): TaskCounts {
  return {
    pending: a.pending + b.pending,
    in_progress: a.in_progress + b.in_progress,
    failed: a.failed + b.failed,
    succeeded: a.succeeded + b.succeeded,
    ignored: a.ignored + b.ignored,
  };
}

function shareOf(id: string): number {
  return numberOf(id) % SHARES;
}

/** The same number for the same text, evenly spread: 0 to 2^32 - 1. */
export function numberOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE();
}

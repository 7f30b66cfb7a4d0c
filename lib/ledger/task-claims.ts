import type { Items, Json } from '../ports/items';
import { taskAbandoned } from './errors';
import type { TaskScope } from './keys';
import { countTasks, numberOf, type TaskState } from './task-counts';
import { type TaskError, withError } from './task-errors';
import {
  checkSize,
  listPlaces,
  moveTasks,
  readTask,
  type StandingTask,
  type Task,
  type TaskPlace,
} from './tasks';

/** A worker says that it lives more often than this. Milliseconds. */
export const LEASE_MS = 60_000;

/** Failed tries in a row after which nobody tries again: the task is ignored until it is retried by hand. */
export const TRIES_MAX = 3;

/** Startable tasks that a worker looks at, and of them the ones it tries: each has an order of its own, so that few meet. */
const LOOK = 100;
const TRY = 10;

/** Looks after which a worker leaves what can start to the others, who were quicker each time, for this long. */
const LOOKS_MAX = 20;
const PAUSE_MS = 1_000;

export interface Claim {
  /** A name that no other worker has. */
  readonly owner: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly leaseMs?: number;
}

/**
 * What a worker got. held: nothing can start yet: others hold tasks, or a try that failed has to wait. At `until` the first
 * comes free unless its holder goes on; one whose try fails may come free before. done: every task that was added has
 * succeeded or is ignored.
 */
export type Claimed =
  | { readonly outcome: 'claimed'; readonly task: Task }
  | { readonly outcome: 'held'; readonly until: number }
  | { readonly outcome: 'done' };

/**
 * Starts a task that may start: one that is pending, else one that failed and need not wait, else one whose worker was not heard of until
 * its lease was over. That counts as a failed try; where it was the last, the task is ignored and another one sought.
 *
 * A crash behind it, or a lost answer, leaves the task to the end of its lease. Clocks that differ by more than a lease cost
 * tries, and nothing else: the token keeps apart who came first and who took over.
 */
export async function claimTask(items: Items, scope: TaskScope, claim: Claim): Promise<Claimed> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    let found = false;
    let until: number | undefined;
    for (const state of ['pending', 'failed', 'in_progress'] as const) {
      const page = await listPlaces(items, scope, state, { limit: LOOK });
      const startable = state === 'pending' ? page : page.filter(({ at }) => at <= claim.now);
      for (const { id } of inOrderOf(claim.owner, startable)) {
        const task = await start(items, scope, id, claim);
        if (task) return { outcome: 'claimed', task };
        found = true;
      }
      if (state !== 'pending' && page[0]) until = Math.min(until ?? Infinity, page[0].at);
    }
    // Others were quicker everywhere, or only tasks were met that are ignored now: what can start is to be seen anew.
    if (found) continue;
    if (until !== undefined) return { outcome: 'held', until };
    // The lists were read one after the other: a task may have gone from the last to the first between them.
    const counts = await countTasks(items, scope);
    if (counts.pending + counts.failed + counts.in_progress === 0) return { outcome: 'done' };
  }
  return { outcome: 'held', until: claim.now + PAUSE_MS };
}

function inOrderOf(owner: string, page: readonly TaskPlace[]): TaskPlace[] {
  const ranked = page.map(place => ({ place, rank: numberOf(`${owner} ${place.id}`) }));
  return ranked
    .sort((a, b) => a.rank - b.rank)
    .slice(0, TRY)
    .map(({ place }) => place);
}

/** Undefined: it is another's, or has died too often. */
async function start(items: Items, scope: TaskScope, id: string, claim: Claim): Promise<Task | undefined> {
  for (;;) {
    const from = await readTask(items, scope, id);
    if (!from || !isStartable(from.task, claim.now)) return undefined;
    const to = started(scope, from.task, claim);
    const { done } = await moveTasks(items, scope, [{ from, to }]);
    if (done) return to.state === 'in_progress' ? to : undefined;
  }
}

function isStartable({ state, since, until }: Task, now: number): boolean {
  return state === 'pending' || ((state === 'failed' || state === 'in_progress') && (until ?? since) <= now);
}

function started(scope: TaskScope, task: Task, { owner, now, leaseMs = LEASE_MS }: Claim): Task {
  const last = task.state === 'in_progress' ? abandoned(scope, task, now) : task;
  if (last.state === 'ignored') return last;
  return { ...last, state: 'in_progress', since: now, token: last.token + 1, owner, until: now + leaseMs };
}

function abandoned(scope: TaskScope, task: Task, at: number): Task {
  const { message } = taskAbandoned(scope, task.id, task.owner!);
  return failed(task, { try: task.token, at, owner: task.owner!, message });
}

function failed(task: Task, error: TaskError, waitMs = 0): Task {
  const retry = task.retry + 1;
  const state = retry < TRIES_MAX ? 'failed' : 'ignored';
  const waits = state === 'failed' && waitMs > 0 ? { until: error.at + waitMs } : {};
  return { ...released(task, state, error.at), ...waits, retry, errors: withError(task.errors, error) };
}

function released({ owner: _, until: __, ...task }: Task, state: TaskState, since: number): Task {
  return { ...task, state, since };
}

/** What a worker shows of its claim: the task as it got it, or these two of it. */
export type Hold = Pick<Task, 'id' | 'token'>;

/**
 * Lets a worker keep its task until `now + leaseMs`, never for less than it had. Here and below the token decides, and no
 * clock: a worker whose lease is over may go on as long as nobody has taken the task.
 * @returns the task as it stands then; undefined when it is no longer the worker's: nothing was written
 */
export async function renewTask(
  items: Items,
  scope: TaskScope,
  hold: Hold,
  { now, leaseMs = LEASE_MS }: Omit<Claim, 'owner'>,
): Promise<Task | undefined> {
  const renewed = (task: Task): Task => ({ ...task, until: Math.max(task.until!, now + leaseMs) });
  return moveHeld(items, scope, hold, { to: renewed, after: [] });
}

/**
 * Ends a task well. A call whose answer was lost may be made again.
 * @returns the task; undefined when it is no longer the worker's: its work is not counted
 * @throws TM_2801 for a result that is too large
 */
export async function succeedTask(
  items: Items,
  scope: TaskScope,
  hold: Hold,
  { now, result }: { readonly now: number; readonly result: Json },
): Promise<Task | undefined> {
  checkSize(scope, hold.id, 'result', result);
  const succeeded = (task: Task): Task => ({ ...released(task, 'succeeded', now), retry: 0, result });
  return moveHeld(items, scope, hold, { to: succeeded, after: ['succeeded'] });
}

/** Why a try failed, and how long the next one has to wait: trouble of a store is over in a while, a bad row never is. */
export interface Failure extends Pick<TaskError, 'message' | 'stack'> {
  readonly now: number;
  /** Default: it may start at once. */
  readonly waitMs?: number;
}

/**
 * Notes that a try failed; the third in a row makes the task ignored. A call whose answer was lost may be made again.
 * @returns the task; undefined when it is no longer the worker's: its failure is not counted
 */
export async function failTask(
  items: Items,
  scope: TaskScope,
  hold: Hold,
  { now, waitMs, ...why }: Failure,
): Promise<Task | undefined> {
  const to = (task: Task): Task =>
    failed(task, { try: task.token, at: now, owner: task.owner!, ...why }, waitMs);
  return moveHeld(items, scope, hold, { to, after: ['failed', 'ignored'] });
}

interface HeldMove {
  readonly to: (task: Task) => Task;
  /** States that the same claim may have brought the task to before: then there is nothing left to do. */
  readonly after: readonly TaskState[];
}

async function moveHeld(
  items: Items,
  scope: TaskScope,
  { id, token }: Hold,
  { to, after }: HeldMove,
): Promise<Task | undefined> {
  for (;;) {
    const from: StandingTask | undefined = await readTask(items, scope, id);
    if (from?.task.token !== token) return undefined;
    if (after.includes(from.task.state)) return from.task;
    if (from.task.state !== 'in_progress') return undefined;
    const next = to(from.task);
    if ((await moveTasks(items, scope, [{ from, to: next }])).done) return next;
  }
}

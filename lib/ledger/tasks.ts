import type { ItemAction, ItemKey, Items, ItemValue, Json, TransactResult } from '../ports/items';
import { taskTooLarge } from './errors';
import { type TaskScope, taskKey, taskPlaceKey, taskPlacePrefix, tasksPartition } from './keys';
import { countActions, TASK_STATES, type TaskState } from './task-counts';
import { jsonBytes, type TaskError } from './task-errors';

/** A piece of work of a load's step. Its item, its place in the list of its state and its count move together. */
export interface Task {
  readonly id: string;
  readonly payload: Json;
  readonly state: TaskState;
  /** When it came into its state, milliseconds since 1970; in progress: when it was claimed. */
  readonly since: number;
  /** Tries that failed since it was added, or retried by hand. */
  readonly retry: number;
  /** How often it was claimed. The fence: only who holds the newest claim moves the task on. */
  readonly token: number;
  /** In progress: who works at it. */
  readonly owner?: string;
  /** In progress: until when nobody else may. Failed: until when nobody may. Milliseconds since 1970. */
  readonly until?: number;
  /** What it succeeded with. */
  readonly result?: Json;
  /** The newest last; the oldest go where they are too many bytes. */
  readonly errors: readonly TaskError[];
}

/** A task as it stands; `version` is the condition of whoever moves it. */
export interface StandingTask {
  readonly task: Task;
  readonly version: number;
}

/** One step of a task: from how it was read, or from nothing, to how it stands then. */
export interface Move {
  readonly from?: StandingTask;
  readonly to: Task;
}

/** At most four actions a task (itself, two places, a count), within what a transaction takes. */
export const MOVES_MAX = 25;

/** Bytes of JSON of a payload, and of a result: with the errors, MOVES_MAX tasks fit into a transaction. */
const TASK_VALUE_BYTES_MAX = 32_000;

/**
 * Moves tasks, all or none: a crash leaves each where it was. `blocked` below `moves.length` are the moves whose task
 * another process moved first, or added; where all are beyond, only the counts were moved, and the same may be tried again.
 */
export async function moveTasks(
  items: Items,
  scope: TaskScope,
  moves: readonly Move[],
): Promise<TransactResult> {
  const crossings = moves.map(({ from, to }) => ({ id: to.id, from: from?.task.state, to: to.state }));
  return items.transact([
    ...moves.map(({ from, to }) => ({
      put: taskKey(scope, to.id),
      value: to as unknown as ItemValue,
      if: from?.version ?? ('absent' as const),
    })),
    ...moves.flatMap(move => placeActions(scope, move)),
    ...(await countActions(items, scope, crossings)),
  ]);
}

function placeActions(scope: TaskScope, { from, to }: Move): ItemAction[] {
  const [old, put] = [from && placeOf(scope, from.task), placeOf(scope, to)];
  const added: ItemAction = { put, value: { id: to.id } };
  if (old?.sort === put.sort) return [];
  return old ? [{ delete: old }, added] : [added];
}

/** Tasks are listed by when they may be started, those that need not wait by when they came into their state. */
function placeOf(scope: TaskScope, { id, state, since, until }: Task): ItemKey {
  return taskPlaceKey(scope, TASK_STATES[state], until ?? since, id);
}

/** @throws TM_2801 */
export function checkSize(scope: TaskScope, id: string, what: 'payload' | 'result', value: Json): void {
  const bytes = jsonBytes(value);
  if (bytes > TASK_VALUE_BYTES_MAX) throw taskTooLarge(scope, id, what, bytes);
}

export async function readTask(
  items: Items,
  scope: TaskScope,
  id: string,
): Promise<StandingTask | undefined> {
  const item = await items.get(taskKey(scope, id));
  return item && { task: item.value as unknown as Task, version: item.version };
}

/** A line of a state's list; `sort` is where the next page goes on. */
export interface TaskPlace {
  readonly id: string;
  /** When its lease or its wait ends; else since when it is in its state. Milliseconds since 1970. */
  readonly at: number;
  readonly sort: string;
}

/** A page of the tasks in a state, by time. */
export async function listPlaces(
  items: Items,
  scope: TaskScope,
  state: TaskState,
  { after, limit }: { readonly after?: string; readonly limit: number },
): Promise<TaskPlace[]> {
  const prefix = taskPlacePrefix(TASK_STATES[state]);
  const found = await items.query(tasksPartition(scope), prefix, { after, limit });
  return found.map(({ sort, value }) => {
    return {
      id: value.id as string,
      at: Number(sort.slice(prefix.length, sort.indexOf('#', prefix.length))),
      sort,
    };
  });
}

/** The tasks on such a page that are in the state still. */
export async function readPage(
  items: Items,
  scope: TaskScope,
  state: TaskState,
  { after, limit }: { readonly after?: string; readonly limit: number },
): Promise<{ readonly standing: readonly StandingTask[]; readonly next?: string }> {
  const page = await listPlaces(items, scope, state, { after, limit });
  const read = await Promise.all(page.map(({ id }) => readTask(items, scope, id)));
  const standing = read.filter(found => found !== undefined).filter(({ task }) => task.state === state);
  return { standing, ...(page.length === limit ? { next: page.at(-1)!.sort } : {}) };
}

/**
 * Tasks in a state, by time: those in progress with who holds them, and until when.
 * @returns a page, and as `next` the `after` of the one that follows
 */
export async function listTasks(
  items: Items,
  scope: TaskScope,
  state: TaskState,
  { after, limit = 100 }: { readonly after?: string; readonly limit?: number } = {},
): Promise<{ readonly tasks: readonly Task[]; readonly next?: string }> {
  const { standing, ...rest } = await readPage(items, scope, state, { after, limit });
  return { tasks: standing.map(({ task }) => task), ...rest };
}

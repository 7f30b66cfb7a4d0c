import { type Load, notedRecipe, openLoad, pastLoads } from '../ledger/loads';
import { countTasks, type TaskCounts } from '../ledger/task-counts';
import { retryTasks } from '../ledger/task-pending';
import { listTasks, type Task } from '../ledger/tasks';
import type { Items } from '../ports/items';
import type { LakePorts } from '../ports/lake-ports';
import { STEPS, type Step, scopeOf } from '../stages/load/recipe';

/** How a step of a load stands. */
export interface StepStatus {
  readonly step: Step;
  readonly tasks: TaskCounts;
  /** Who holds tasks, and until when: those in progress, the first to come free first. */
  readonly held: readonly Task[];
  /** Tasks whose last try failed, ignored ones too, with their errors. */
  readonly failed: readonly Task[];
}

/** A table's loads, as the ledger has them. */
export interface LoadsOfTable {
  readonly underWay?: Load;
  /** Of the load that is under way; empty before it is planned. */
  readonly steps: readonly StepStatus[];
  /** Loads that are committed or given up, the newest first. */
  readonly past: readonly Load[];
}

/** Tasks, and past loads, that are shown at most. */
const TASKS_MAX = 100;
const PAST_MAX = 10;

/** Reads the ledger alone: the copy may be gone. */
export async function loadsOfTable(items: Items, table: string): Promise<LoadsOfTable> {
  const past = await pastLoads(items, table, PAST_MAX);
  const load = (await openLoad(items, table))?.load;
  if (!load) return { steps: [], past };
  const id = await notedRecipe(items, load.id);
  const steps: StepStatus[] = [];
  if (id !== undefined) for (const step of STEPS) steps.push(await stepStatus(items, { load, id }, step));
  return { underWay: load, steps, past };
}

async function stepStatus(
  items: Items,
  recipe: Parameters<typeof scopeOf>[0],
  step: Step,
): Promise<StepStatus> {
  const scope = scopeOf(recipe, step);
  const of = async (state: Task['state']) =>
    (await listTasks(items, scope, state, { limit: TASKS_MAX })).tasks;
  const failed = [...(await of('ignored')), ...(await of('failed'))];
  return { step, tasks: await countTasks(items, scope), held: await of('in_progress'), failed };
}

/** Lets tasks start again that failed, or are ignored: all, or one. @returns how many */
export async function retryNoted(
  { items, clock }: LakePorts,
  load: Load,
  id: string | undefined,
): Promise<number> {
  const recipe = await notedRecipe(items, load.id);
  if (recipe === undefined) return 0;
  let count = 0;
  for (const step of STEPS) {
    const asked = { now: clock.now(), ...(id === undefined ? {} : { id }) };
    count += await retryTasks(items, scopeOf({ load, id: recipe }, step), asked);
  }
  return count;
}

import { countTasks } from '../../ledger/task-counts';
import { addTasks } from '../../ledger/task-pending';
import { listTasks, type Task } from '../../ledger/tasks';
import type { Items, Json } from '../../ports/items';
import { mapAtOnce } from '../../table/at-once';
import { readJson, SUMMARIES_AT_ONCE, writeJson } from './json-object';
import { settleKeys } from './keys';
import { planPacks } from './packs';
import { folderOf, type LoadPorts, type Recipe, type Step, scopeOf } from './recipe';
import { tasksFailed, tasksLeft, tooManyParts } from './run-errors';
import { partOf, type SplitSummary, type StoredPart } from './split';

/** A part, and which group it is of. */
export interface GroupPart extends StoredPart {
  readonly group: number;
}

/** What the tasks of splitting made, and what came of rows that share a key. */
export interface Gathered {
  /** By group, then by name. */
  readonly parts: readonly GroupPart[];
  /** Rows that were left out, as others of their key are newer. */
  readonly outdone: number;
  /** Rows of the copy, where it says how many it has. */
  readonly sourceRows: number | null;
}

/** What a task of packing makes a pack of. */
export interface PackOrder {
  readonly number: number;
  readonly partition: StoredPart['partition'];
  readonly parts: readonly StoredPart[];
}

const gatheredKey = (recipe: Recipe) => `${folderOf(recipe)}/gathered.json`;

/** Of each, the load's manifest says a few hundred bytes, and every merge of the load holds it whole. */
const PARTS_MAX = 200_000;

/**
 * Plans the packs from what splitting made, once all of it is made: a task each. A crash leaves some of the tasks; the
 * same call adds the rest.
 * @throws TM_2771 for more parts than one manifest takes, TM_2753 when tasks of splitting failed, TM_2762 while
 * some are left, TM_2754 for rows that share a key
 */
export async function planLoadPacks(
  ports: LoadPorts,
  recipe: Recipe,
  partsMax: number = PARTS_MAX,
): Promise<Gathered> {
  const gathered = await gather(ports, recipe, partsMax);
  const alive = gathered.parts.filter(part => !part.dead);
  const parts = alive.map(part => partOf(recipe, part.group, part));
  const stored = new Map(gathered.parts.map(part => [part.key, part]));
  const { packBytes = recipe.limits.fileBytesMax } = recipe.table.load;
  const tasks = await mapAtOnce(planPacks(parts, packBytes), SUMMARIES_AT_ONCE, async pack => {
    const own = pack.parts.map(part => stored.get(part.key)!);
    const order: PackOrder = { number: pack.number, partition: own[0]!.partition, parts: own };
    const key = `${folderOf(recipe)}/packs/${pack.id}.json`;
    await writeJson(ports.store, key, order as unknown as Json);
    return { id: pack.id, payload: { pack: key } };
  });
  await addTasks(ports.items, scopeOf(recipe, 'pack'), tasks, ports.clock.now());
  return gathered;
}

/** What was gathered when the packs were planned. */
export function readGathered({ store }: Pick<LoadPorts, 'store'>, recipe: Recipe): Promise<Gathered> {
  return readJson<Gathered>(store, gatheredKey(recipe));
}

async function gather(ports: LoadPorts, recipe: Recipe, partsMax: number): Promise<Gathered> {
  const known = await ports.store.head(gatheredKey(recipe));
  if (known) return readGathered(ports, recipe);
  const results = await resultsOf(ports.items, recipe, 'split');
  const summaries = await mapAtOnce(results, SUMMARIES_AT_ONCE, ({ result }) =>
    readJson<SplitSummary>(ports.store, result as string),
  );
  summaries.sort((a, b) => a.group - b.group);
  const parts = summaries.flatMap(({ group, parts }) => parts.map(part => ({ ...part, group })));
  if (parts.length > partsMax) throw tooManyParts(recipe.table.name, parts.length, partsMax);
  const unknown = summaries.some(({ sourceRows }) => sourceRows === null);
  const sourceRows = unknown ? null : summaries.reduce((sum, one) => sum + one.sourceRows!, 0);
  const gathered = { ...(await settleKeys(ports, recipe, parts)), sourceRows };
  await writeJson(ports.store, gatheredKey(recipe), gathered as unknown as Json);
  return gathered;
}

/** A step's tasks, when all of them have succeeded. @throws TM_2753, TM_2762 */
export async function resultsOf(items: Items, recipe: Recipe, step: Step): Promise<Task[]> {
  const scope = scopeOf(recipe, step);
  const { ignored, pending, failed, in_progress } = await countTasks(items, scope);
  if (ignored > 0) {
    const [first] = (await listTasks(items, scope, 'ignored', { limit: 1 })).tasks;
    throw tasksFailed(recipe.table.name, step, ignored, first?.errors.at(-1)?.message ?? first?.id ?? '');
  }
  const left = pending + failed + in_progress;
  if (left > 0) throw tasksLeft(recipe.table.name, step, left);
  const all: Task[] = [];
  for (let after: string | undefined; ; ) {
    const { tasks, next } = await listTasks(items, scope, 'succeeded', after === undefined ? {} : { after });
    all.push(...tasks);
    if (next === undefined) return all.sort((a, b) => (a.id < b.id ? -1 : 1));
    after = next;
  }
}

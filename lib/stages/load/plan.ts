import { type Load, noteRecipe, openLoad, type StandingLoad, wasBegun } from '../../ledger/loads';
import { heldReload } from '../../ledger/reloads';
import { addTasks } from '../../ledger/task-pending';
import type { Json } from '../../ports/items';
import type { LakePorts } from '../../ports/lake-ports';
import { mapAtOnce } from '../../table/at-once';
import { ensureLog } from '../../table/log-table';
import { type Beginning, begin } from './begin';
import { differenceOf, traitsOf } from './difference';
import { planGroups } from './groups';
import { SUMMARIES_AT_ONCE, writeJson } from './json-object';
import { folderOf, loadColumns, type Recipe, recipeOf, scopeOf } from './recipe';
import { putRecipe } from './recipe-object';
import { loadGone, otherLoad, reloadOutdated } from './run-errors';
import { shapeOf } from './shape';
import type { TableCopy } from './source/copy';

/**
 * What begins a load, where none is under way. `load`: the name of the one that is meant. Where that one has ended, nothing
 * begins: whoever asked to go on with it did not ask for another.
 */
export type LoadRequest = Pick<Beginning, 'replaces' | 'dateReceived' | 'at' | 'copy' | 'newSource' | 'load'>;

/** What is loaded, and how its files are written. */
export interface Planning extends Pick<Recipe, 'table' | 'limits'> {
  readonly copy: TableCopy;
}

/**
 * Plans a load, or plans again the one that is under way: the tasks of splitting, a group of the copy's files each. A
 * crash leaves some of the tasks; the same call adds the rest.
 * @throws TM_2758 when the load that is meant has ended, TM_2760 when another one is under way, TM_2774 when DMS has copied
 * the table once more, TM_2768 and as `begin`
 */
export async function planLoad(
  ports: LakePorts,
  { table, copy, limits }: Planning,
  request: LoadRequest,
): Promise<Recipe> {
  const columns = loadColumns(table, copy);
  const { fingerprint } = copy;
  const under = () => loadMeant(ports, table.name, request.load);
  const open = await under();
  const begun = open
    ? undefined
    : await begin(ports, table, {
        ...request,
        ...(await sinceOf(ports, table.name, copy)),
        fingerprint,
        columns,
      });
  const standing = open ?? begun?.standing ?? (await under());
  if (!standing) throw loadGone(table.name);
  // Its date is that of its first day.
  const { dateReceived: _, ...asked } = request;
  const other = differenceOf(traitsOf(standing.load), asked);
  if (other !== undefined) throw otherLoad(table.name, other);
  await checkReload(ports, table.name, copy, standing.load);
  // A copy that was mended on the way may have further columns.
  const log = begun?.log ?? (await ensureLog(ports, table, columns));
  const shape = await shapeOf(ports, table, log);
  const recipe = await putRecipe(ports.store, recipeOf({ table, load: standing.load, copy, shape, limits }));
  await noteRecipe(ports.items, standing.load.id, recipe.id);
  const groups = planGroups(copy.files, table.load.groupBytes);
  const tasks = await mapAtOnce(groups, SUMMARIES_AT_ONCE, async group => {
    const key = `${folderOf(recipe)}/groups/${group.id}.json`;
    await writeJson(ports.store, key, group as unknown as Json);
    return { id: group.id, payload: { group: key } };
  });
  await addTasks(ports.items, scopeOf(recipe, 'split'), tasks, ports.clock.now());
  return recipe;
}

/** Another reload has taken the place of the one that the load was begun for: where that stands its rows would be too old. */
async function checkReload(
  { items }: LakePorts,
  table: string,
  { fingerprint }: TableCopy,
  load: Load,
): Promise<void> {
  if (load.reload === undefined || load.fingerprint === fingerprint) return;
  const held = await heldReload(items, table);
  if (held && held.count !== load.reload) throw reloadOutdated(table);
}

/** A reload was first heard of when its first object was held: changes that came since are newer. */
async function sinceOf(
  { items }: LakePorts,
  table: string,
  { format }: TableCopy,
): Promise<Pick<Beginning, 'since'>> {
  const since = format === 'dms' ? await heldReload(items, table) : undefined;
  return since ? { since } : {};
}

/** The load that is under way, where the one that is meant has not ended. @throws TM_2758 */
async function loadMeant(
  { items }: LakePorts,
  table: string,
  meant: string | undefined,
): Promise<StandingLoad | undefined> {
  // In this order: what was begun before it is looked for and is not under way has ended.
  const begun = meant !== undefined && (await wasBegun(items, meant));
  const standing = await openLoad(items, table);
  if (begun && standing?.load.id !== meant) throw loadGone(table);
  return standing;
}

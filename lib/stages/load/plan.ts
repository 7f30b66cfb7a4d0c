import { formatPosition, MAJOR_BITS } from '../../change/position';
import type { ResolvedTable } from '../../config/resolved';
import { type Load, noteRecipe, openLoad } from '../../ledger/loads';
import { heldReload } from '../../ledger/reloads';
import { addTasks } from '../../ledger/task-pending';
import type { Json } from '../../ports/items';
import type { LakePorts } from '../../ports/lake-ports';
import { mapAtOnce } from '../../table/at-once';
import { ensureLog } from '../../table/log-table';
import type { WriteLimits } from '../../table/write-files';
import { type Beginning, begin } from './begin';
import { planGroups } from './groups';
import { SUMMARIES_AT_ONCE, writeJson } from './json-object';
import { folderOf, loadColumns, type Recipe, recipeOf, scopeOf } from './recipe';
import { putRecipe } from './recipe-object';
import { loadGone, otherLoad } from './run-errors';
import { shapeOf } from './shape';
import type { TableCopy } from './source/copy';

/** What begins a load, where none is under way. */
export type LoadRequest = Pick<Beginning, 'replaces' | 'dateReceived' | 'at' | 'copy' | 'newSource'>;

/**
 * Plans a load, or plans again the one that is under way: the tasks of splitting, a group of the copy's files each. A
 * crash leaves some of the tasks; the same call adds the rest.
 * @throws TM_2758 when the load that was under way ends just then, TM_2760 when it is not what is asked for
 */
export async function planLoad(
  ports: LakePorts,
  table: ResolvedTable,
  copy: TableCopy,
  request: LoadRequest,
  limits: WriteLimits,
): Promise<Recipe> {
  const columns = loadColumns(table, copy);
  const { fingerprint } = copy;
  const begun = (await openLoad(ports.items, table.name))
    ? undefined
    : await begin(ports, table, {
        ...request,
        ...(await sinceOf(ports, table.name, copy)),
        fingerprint,
        columns,
      });
  const standing = begun?.standing ?? (await openLoad(ports.items, table.name));
  if (!standing) throw loadGone(table.name);
  checkRequest(table.name, request, standing.load);
  // A copy that was mended on the way may have further columns.
  const log = begun?.log ?? (await ensureLog(ports, table, columns));
  const shape = await shapeOf(ports, table, log);
  const recipe = await putRecipe(ports.store, recipeOf(table, standing.load, copy, shape, limits));
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

/** A reload was first heard of when its first object was held: changes that came since are newer. */
async function sinceOf(
  { items }: LakePorts,
  table: string,
  { format }: TableCopy,
): Promise<Pick<Beginning, 'since'>> {
  const since = format === 'dms' ? await heldReload(items, table) : undefined;
  return since ? { since } : {};
}

/** A plain load that is carried on for a replace would leave the rows that were to go. */
function checkRequest(table: string, { replaces, at }: LoadRequest, load: Load): void {
  if (replaces && !load.replaces) throw otherLoad(table, 'it is plain, and a replace is asked for');
  const { major, minor } = load.position;
  if (at && (BigInt.asUintN(MAJOR_BITS, major) !== at.major || minor !== at.minor))
    throw otherLoad(table, `it stands at ${formatPosition(load.position)}`);
}

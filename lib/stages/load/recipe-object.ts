import { formatPosition, parsePosition } from '../../change/position';
import type { ResolvedTable } from '../../config/resolved';
import { notedRecipe, openLoad } from '../../ledger/loads';
import type { Json } from '../../ports/items';
import type { LakePorts } from '../../ports/lake-ports';
import type { ObjectStore } from '../../ports/object-store';
import { readJson, writeJson } from './json-object';
import { folderOf, type Recipe } from './recipe';
import { noLoad, recipeOutdated } from './run-errors';

/** What a table's config says of what its loads come to. */
type Said = readonly [
  ResolvedTable['load'],
  ResolvedTable['deletedWhen'] | null,
  Recipe['shape']['partitionBy'],
];

/** Of the partitions it has a say until the table is made. */
function saidOf(table: ResolvedTable, { partitionBy }: Recipe['shape']): Said {
  return [table.load, table.deletedWhen ?? null, partitionBy && table.partitionBy];
}

/** A recipe without the table, which the config has; what the config said of its loads is kept to be held against it. */
interface Stored extends Omit<Recipe, 'table' | 'load'> {
  readonly load: Omit<Recipe['load'], 'position'> & { readonly position: string };
  readonly said: Said;
}

export const recipeObjectKey = (recipe: Pick<Recipe, 'table' | 'load' | 'id'>) =>
  `${folderOf(recipe)}/recipe.json`;

/**
 * Writes down the recipe, so that every later step, wherever it runs, has it by its key. The first one of its name
 * counts: columns that the log gained since are no matter of this load.
 */
export async function putRecipe(store: ObjectStore, recipe: Recipe): Promise<Recipe> {
  const { table, load, ...rest } = recipe;
  const stored: Stored = {
    ...rest,
    load: { ...load, position: formatPosition(load.position) },
    said: saidOf(table, rest.shape),
  };
  const key = recipeObjectKey(recipe);
  await writeJson(store, key, stored as unknown as Json);
  return readRecipe(store, table, key);
}

/** @throws TM_3005 when it is gone, TM_2763 when the config says otherwise by now */
export async function readRecipe(store: ObjectStore, table: ResolvedTable, key: string): Promise<Recipe> {
  const { said, load, ...rest } = await readJson<Stored>(store, key);
  if (JSON.stringify(said) !== JSON.stringify(saidOf(table, rest.shape))) throw recipeOutdated(table.name);
  return { ...rest, table, load: { ...load, position: parsePosition(load.position) } };
}

/** The recipe by which the load that is under way was planned last. @throws TM_2757 when none is, or it is not planned */
export async function recipeUnderWay({ items, store }: LakePorts, table: ResolvedTable): Promise<Recipe> {
  const load = (await openLoad(items, table.name))?.load;
  const id = load && (await notedRecipe(items, load.id));
  if (!load || id === undefined)
    throw noLoad(table.name, 'none is planned', `see: tidemark load status ${table.name}`);
  return readRecipe(store, table, recipeObjectKey({ table, load, id }));
}

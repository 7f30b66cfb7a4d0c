import type { PlacedRow } from '../../ports/copy-engine';
import { openFile } from '../../table/data-file';
import type { GroupPart } from './plan-packs';
import { countedOf, fieldOf, folderOf, type LoadPorts, type Recipe } from './recipe';
import { keysRepeated } from './run-errors';
import { countedIn } from './validate';

/** Rows that share a key, of which an error names so many. */
const NAMED_MAX = 20;

/**
 * Looks for rows that share a key, over all parts. They are refused, or all but the newest left out, as the config says:
 * then parts that lose rows are written anew under names of their own. A crash leaves some of those.
 * @throws TM_2754
 */
export async function settleKeys(
  ports: LoadPorts,
  recipe: Recipe,
  parts: readonly GroupPart[],
): Promise<{ readonly parts: readonly GroupPart[]; readonly outdone: number }> {
  if (parts.length === 0) return { parts, outdone: 0 };
  return ports.scratch.within(async folder => {
    const paths = [];
    for (const { key } of parts) paths.push(await ports.scratch.bring(ports.store, { key }, folder));
    const keys = { parts: paths, key: recipe.shape.key };
    const { keys: repeated, first } = await ports.engine.repeated(keys, NAMED_MAX);
    if (repeated === 0) return { parts, outdone: 0 };
    const { duplicateKeys } = recipe.table.load;
    if (duplicateKeys === 'refuse')
      throw keysRepeated(
        recipe.table.name,
        repeated,
        first.map(row => named(parts, row)),
      );
    const losers = `${folder}/losers.parquet`;
    const newestBy = fieldOf(recipe.shape, duplicateKeys.newestBy);
    const lost = await ports.engine.losers({ ...keys, newestBy, file: losers });
    const kept: GroupPart[] = [];
    for (const [part, stored] of parts.entries()) {
      if (lost[part] === 0) kept.push(stored);
      else kept.push(...(await without(ports, recipe, stored, { parts: paths, part, losers, folder })));
    }
    return { parts: kept, outdone: lost.reduce((a, b) => a + b, 0) };
  });
}

interface Losing {
  readonly parts: readonly string[];
  readonly part: number;
  readonly losers: string;
  readonly folder: string;
}

/** The part without the rows that lose: none if nothing is left. */
async function without(
  ports: LoadPorts,
  recipe: Recipe,
  stored: GroupPart,
  { folder, ...losing }: Losing,
): Promise<GroupPart[]> {
  const file = `${folder}/kept-${losing.part}.parquet`;
  const { logFields: fields } = recipe.shape;
  const left = await ports.engine.without({ ...losing, fields, file, limits: recipe.limits });
  if (!left) return [];
  const key = `${folderOf(recipe)}/kept/${String(losing.part + 1).padStart(6, '0')}.parquet`;
  const published = await ports.scratch.publish(ports.store, file, key);
  const path = ports.store.uri(key);
  const { footer } = await openFile(ports.store, { path, size: published.bytes });
  return [{ ...stored, ...published, rows: left.rows, key, counted: countedIn(footer, countedOf(recipe)) }];
}

function named(parts: readonly GroupPart[], { part, row, key }: PlacedRow): string {
  return `${key.map(value => value ?? 'NULL').join(', ')} in ${parts[part]!.key} row ${row}`;
}

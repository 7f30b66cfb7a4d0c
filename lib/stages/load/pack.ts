import { partitionPath } from '../../iceberg/partition';
import type { Task } from '../../ledger/tasks';
import type { Json } from '../../ports/items';
import { mapAtOnce } from '../../table/at-once';
import { openFile } from '../../table/data-file';
import { type Pack, packName, unpackedPartition } from '../../table/load-files';
import { readJson, writeJson } from './json-object';
import type { PackOrder } from './plan-packs';
import { countedOf, folderOf, type LoadPorts, type Recipe, sortOf } from './recipe';
import { countedIn } from './validate';

/** Parts that are brought at once. */
const AT_ONCE = 8;

/** A pack as it was made, with what its footer says of its rows. */
export interface MadePack extends Pack {
  /** Rows in which the column that is counted on is not NULL. */
  readonly counted: number;
}

/**
 * Joins parts of one partition into a data file of the table, sorted, and writes its summary. Repeated it makes the same
 * object; a crash leaves it without a summary.
 * @returns the summary's key
 */
export async function packParts(
  ports: LoadPorts,
  recipe: Recipe,
  task: Pick<Task, 'id' | 'payload'>,
): Promise<string> {
  const { pack: orderKey } = task.payload as { pack: string };
  const order = await readJson<PackOrder>(ports.store, orderKey);
  const { table, load, shape, limits } = recipe;
  const { spec, tableFields } = shape;
  const path = partitionPath(spec, tableFields, unpackedPartition(spec, tableFields, order.partition));
  const folder = path === '' ? `${table.name}/data` : `${table.name}/data/${path}`;
  const key = `${folder}/${packName(`${load.id}-${recipe.id}`, order.number)}`;
  const published = await ports.scratch.within(async within => {
    const parts = await mapAtOnce(order.parts, AT_ONCE, part =>
      ports.scratch.bring(ports.store, part, within),
    );
    const file = `${within}/pack.parquet`;
    await ports.engine.pack({
      parts,
      fields: tableFields,
      key: shape.key,
      sortBy: sortOf(recipe),
      file,
      limits,
    });
    return ports.scratch.publish(ports.store, file, key);
  });
  const { footer } = await openFile(ports.store, { path: ports.store.uri(key), size: published.bytes });
  const counted = countedIn(footer, countedOf(recipe));
  const made: MadePack = {
    key,
    ...published,
    rows: footer.rows,
    partition: order.partition,
    counted,
  };
  const summary = `${folderOf(recipe)}/packed/${task.id}.json`;
  await writeJson(ports.store, summary, made as unknown as Json);
  return summary;
}

import { createHash } from 'node:crypto';
import { truncatePart } from '../../query/load/truncate-part';
import type { LoadFile } from '../../table/load-files';
import { folderOf, type LoadPorts, type Recipe } from './recipe';
import { markOf } from './split';

/** Writes the part of a replace that stands before its rows. A crash leaves an object that nothing names. */
export async function putTruncatePart(ports: LoadPorts, recipe: Recipe): Promise<LoadFile> {
  const bytes = truncatePart(recipe.shape.logFields, markOf(recipe));
  const key = `${folderOf(recipe)}/truncate-${ports.ids.fresh()}.parquet`;
  await ports.store.putIfAbsent(key, bytes);
  return { key, bytes: bytes.length, rows: 1, sha256: createHash('sha256').update(bytes).digest('hex') };
}

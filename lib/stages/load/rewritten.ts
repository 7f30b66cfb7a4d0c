import { OP_INSERT } from '../../change/op';
import type { Batch } from '../../columnar/column';
import { nullColumn } from '../../columnar/kernels';
import type { Field } from '../../columnar/types';
import type { ResolvedTable } from '../../config/resolved';
import type { DecodedBatch, OpenedFile } from '../../formats/format';
import type { Load } from '../../ledger/loads';
import { endReload, type Reloaded } from '../../ledger/reloads';
import { FileAssembler } from '../../parquet/assemble';
import { encodeRowGroup } from '../../parquet/wasm';
import type { Json } from '../../ports/items';
import type { LakePorts } from '../../ports/lake-ports';
import type { SeenObject } from '../../ports/scratch';
import { mapAtOnce } from '../../table/at-once';
import { rowGroups } from '../../table/write-files';
import { loadObjectOf, openSource } from '../ingest/identify';
import type { Group } from './groups';
import { readJson, writeJson } from './json-object';
import { folderOf, type LoadPorts, type Recipe } from './recipe';
import { rowUnreadable } from './run-errors';
import type { CopyFile } from './source/copy';
import { openDecoded } from './source/decoded';

/** Objects that are read at once. */
const AT_ONCE = 16;

const rewrittenFolder = (recipe: Pick<Recipe, 'table' | 'load' | 'id'>) => `${folderOf(recipe)}/read/`;

/** A file of a copy, and the object that has its rows as Parquet. */
export interface Rewritten {
  readonly object: SeenObject;
  readonly file: CopyFile;
}

/**
 * Reads a group's files of text, or LOAD objects, as ingest does, and writes their rows as Parquet for the engine, then
 * what LOAD objects are known by. A crash leaves some of them; the same call writes the same.
 * @returns the Parquet objects, and of which file each is; none of a file that has not even a column
 * @throws TM_2765 for a row that cannot be read
 */
export async function rewriteFiles(ports: LoadPorts, recipe: Recipe, group: Group): Promise<Rewritten[]> {
  const { format } = recipe.copy;
  const objects: Rewritten[] = [];
  for (const [i, file] of group.files.entries()) {
    const name = `${rewrittenFolder(recipe)}${group.id}/${String(i + 1).padStart(6, '0')}`;
    const opened = await openDecoded(ports.copies, recipe.table, file, format);
    if (opened.columns.length === 0) continue;
    let rows = 0;
    const counted = async function* () {
      for await (const decoded of opened.batches()) {
        rows += decoded.length;
        yield whole(decoded, opened, file);
      }
    };
    await ports.store.putIfAbsent(`${name}.parquet`, parquetOf(counted(), opened, recipe));
    if (format === 'dms') {
      const about = await reloadedOf(ports, recipe, file);
      await writeJson(ports.store, `${name}.json`, { ...about, rows } as unknown as Json);
    }
    objects.push({ object: { key: `${name}.parquet` }, file });
  }
  return objects;
}

/** Ends the reload whose objects a load took in as its entry `n`; nothing for another copy. May be called again. */
export async function endReloadOf(
  { items, store }: Pick<LakePorts, 'items' | 'store'>,
  recipe: Pick<Recipe, 'table' | 'load' | 'id'>,
  n: number,
): Promise<void> {
  if (recipe.load.copy.kind !== 'dms') return;
  const keys: string[] = [];
  for await (const { key } of store.list(rewrittenFolder(recipe))) if (key.endsWith('.json')) keys.push(key);
  const objects = await mapAtOnce(keys, AT_ONCE, key => readJson<Reloaded>(store, key));
  await endReload(items, recipe.table.name, { ...recipe.load, n }, objects);
}

/** The same for a load that is committed, by its own recipe: a crash may have come between the two. */
export async function endReloadOfPast(
  ports: Pick<LakePorts, 'items' | 'store'>,
  table: ResolvedTable,
  load: Load,
): Promise<void> {
  const { recipe: id, n } = load;
  if (id !== undefined && n !== undefined) await endReloadOf(ports, { table, load, id }, n);
}

/** Under which identity ingest knows the object. */
async function reloadedOf(
  { copies }: LoadPorts,
  { table, load }: Recipe,
  { key, uri }: CopyFile,
): Promise<Omit<Reloaded, 'rows'>> {
  // Of a file of this machine ingest sees the folders around the copy's too.
  const path = uri.includes('://') ? key : uri;
  const request = { landing: copies, key, receivedAs: path, table: table.name };
  const object = await openSource(request);
  return { ...loadObjectOf(table, object), object: path, dateReceived: load.dateReceived };
}

/** @throws TM_2765 */
function whole(decoded: DecodedBatch, { columns }: OpenedFile, { uri }: CopyFile): Batch {
  const [bad] = decoded.bad;
  if (bad) throw rowUnreadable(bad.reason, `${uri} row ${bad.row + 1}`);
  const odd = decoded.ops.findIndex(op => op !== OP_INSERT);
  if (odd >= 0)
    throw rowUnreadable('it is a change, not a row of a copy', `${uri} row ${decoded.row[odd]! + 1}`);
  return { length: decoded.length, fields: fieldsOf(columns), columns: decoded.columns };
}

function fieldsOf(columns: OpenedFile['columns']): Field[] {
  return columns.map(({ name, type }, i) => ({ id: i + 1, name, type, required: false }));
}

/** A row group at least: without any a file says nothing of its columns. */
async function* parquetOf(
  batches: AsyncIterable<Batch>,
  { columns }: OpenedFile,
  { limits }: Recipe,
): AsyncGenerator<Uint8Array> {
  const file = new FileAssembler();
  yield file.start();
  for await (const batch of rowGroups<never>(batches, limits)) yield file.add(encodeRowGroup(batch));
  if (file.length === 0) {
    const fields = fieldsOf(columns);
    yield file.add(encodeRowGroup({ length: 0, fields, columns: fields.map(f => nullColumn(f.type, 0)) }));
  }
  yield file.finish();
}

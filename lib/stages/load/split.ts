import { literal } from '../../columnar/literal';
import type { Scalar } from '../../columnar/types';
import type { Task } from '../../ledger/tasks';
import type { CopiedFiles, LoadMark, ReadOrder, SplitOrder, WrittenPart } from '../../ports/copy-engine';
import type { Json } from '../../ports/items';
import { mapAtOnce } from '../../table/at-once';
import { type LoadFile, packedPartition, unpackedPartition } from '../../table/load-files';
import { checkDeletedWhen } from '../ingest/deleted-when';
import type { Group } from './groups';
import { readJson, writeJson } from './json-object';
import { type KeyRange, keyRange } from './key-ranges';
import type { Part } from './packs';
import { countedOf, folderOf, type LoadPorts, lackingOf, type Recipe } from './recipe';
import { rewriteFiles } from './rewritten';
import { keysMissing } from './run-errors';

/** What splitting a group came to, as it stands in the load's folder. */
export interface SplitSummary {
  readonly group: number;
  readonly parts: readonly StoredPart[];
  /** Of the group's files, where the copy says it. */
  readonly sourceRows: number | null;
}

/** A part, its partition as a manifest of a load has it. */
export interface StoredPart extends LoadFile {
  readonly partition: readonly (string | null)[];
  /** Rows in which the column that is counted on is not NULL. */
  readonly counted: number;
  /** Whether its rows are deletes, which no pack has. */
  readonly dead: boolean;
  /** Null: it may hold any key. */
  readonly keys: KeyRange | null;
  /** Whether rows of its group share a key. */
  readonly repeats: boolean;
}

/** Rows without a key that an error names. */
const NAMED_MAX = 20;

/**
 * Splits a group of the copy's files into parts, a file a partition, and writes their summary. Repeated it makes the same
 * objects; a crash leaves some of them.
 * @returns the summary's key
 * @throws TM_2756 for rows without a key, TM_2731 to TM_2734 for what cannot be read or derived, TM_5002 and TM_5003 for
 * files that are gone or replaced
 */
export async function splitGroup(
  ports: LoadPorts,
  recipe: Recipe,
  task: Pick<Task, 'payload'>,
): Promise<string> {
  const { group: key } = task.payload as { group: string };
  const group = await readJson<Group>(ports.store, key);
  const summary = await ports.scratch.within(folder => splitWithin(ports, recipe, group, folder));
  const summaryKey = `${folderOf(recipe)}/split/${group.id}.json`;
  await writeJson(ports.store, summaryKey, summary as unknown as Json);
  return summaryKey;
}

async function splitWithin(
  ports: LoadPorts,
  recipe: Recipe,
  group: Group,
  folder: string,
): Promise<SplitSummary> {
  const copy = await copiedFiles(ports, recipe, group, folder);
  const order = splitOrder(recipe, copy, `${folder}/parts`);
  // Files without a column have no rows either.
  const written = copy.files.length === 0 ? [] : await ports.engine.split(order);
  await checkKeys(ports, recipe, order, written);
  const { spec, tableFields, key: keyFields } = recipe.shape;
  const pieces = written.map(({ file }, part) => ({ file, part, firstRow: 0 }));
  // While the group is at hand: later only parts of other groups whose keys meet these need be looked at.
  const repeated =
    pieces.length === 0 ? 0 : (await ports.engine.repeated({ pieces, key: keyFields }, 0)).keys;
  const parts: StoredPart[] = [];
  for (const [i, { file, partition, rows, counted, dead, keys }] of written.entries()) {
    const key = `${folderOf(recipe)}/parts/${group.id}/${String(i + 1).padStart(6, '0')}.parquet`;
    const published = await ports.scratch.publish(ports.store, file, key);
    parts.push({
      key,
      partition: packedPartition(spec, tableFields, partition),
      ...published,
      rows,
      counted,
      dead,
      keys: keyRange(keyFields[0]!, keys),
      repeats: repeated > 0,
    });
  }
  const known = group.files.map(file => file.rows);
  const sourceRows = known.includes(undefined) ? null : known.reduce<number>((sum, rows) => sum + rows!, 0);
  return { group: group.number, parts, sourceRows };
}

/** Files that are brought at once. */
const AT_ONCE = 8;

/** The group's files at hand. */
async function copiedFiles(
  ports: LoadPorts,
  recipe: Recipe,
  group: Group,
  folder: string,
): Promise<CopiedFiles> {
  const { scratch, copies, store } = ports;
  const { format, columns } = recipe.copy;
  const own = format === 'parquet' ? undefined : await rewriteFiles(ports, recipe, group);
  const found = own ?? group.files.map(file => ({ object: file, file }));
  const files = await mapAtOnce(found, AT_ONCE, async ({ object, file }) => {
    const path = await scratch.bring(own ? store : copies, object, folder);
    return { path, name: file.uri };
  });
  return { files, ...(columns ? { columns } : {}) };
}

/** What every row of a load bears. */
export function markOf(recipe: Recipe): LoadMark {
  const { position, entry, id: source, dateReceived } = recipe.load;
  return { ...position, entry, source, dateReceived, absent: lackingOf(recipe) };
}

function splitOrder(recipe: Recipe, copy: CopiedFiles, folder: string): SplitOrder {
  const { table, shape, limits } = recipe;
  return {
    copy,
    derive: table.load.derive,
    fields: shape.logFields,
    key: shape.key,
    mark: markOf(recipe),
    partitionBy: shape.spec.fields.map(({ transform, ...field }) => ({
      source: shape.tableFields.find(f => f.id === field['source-id'])!,
      transform,
    })),
    countOn: countedOf(recipe),
    dead: deadOf(recipe),
    // Of equally new rows the copy's last one counts: only then does it matter how they stand.
    keysRepeat: table.load.duplicateKeys !== 'refuse',
    folder,
    limits,
  };
}

async function checkKeys(
  { engine }: LoadPorts,
  { table }: Recipe,
  order: ReadOrder,
  parts: readonly WrittenPart[],
): Promise<void> {
  const missing = parts.reduce((sum, part) => sum + part.nullKeys, 0);
  if (missing === 0) return;
  const first = await engine.nullKeys(order, NAMED_MAX);
  throw keysMissing(
    table.name,
    missing,
    first.map(({ file, row }) => `${file} row ${row}`),
  );
}

/** @throws TM_2307 where the config's `deletedWhen` does not fit the table */
function deadOf({ table, shape: { logFields } }: Recipe): SplitOrder['dead'] {
  const { deletedWhen } = table;
  if (!deletedWhen) return undefined;
  checkDeletedWhen(table, logFields, table.name);
  const field = logFields.find(f => f.name === deletedWhen.column)!;
  const value = literal(deletedWhen.equals, field.type);
  return value === undefined ? undefined : { field, value };
}

/** The part as the plan of packs takes it. */
export function partOf(
  recipe: Recipe,
  group: number,
  stored: StoredPart,
): Part & Pick<StoredPart, 'counted'> {
  const { spec, tableFields } = recipe.shape;
  const partition: readonly Scalar[] = unpackedPartition(spec, tableFields, stored.partition);
  return { ...stored, group, partition };
}

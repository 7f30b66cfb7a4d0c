import type { Field } from '../../columnar/types';
import { FileAssembler } from '../../parquet/assemble';
import { rowGroupSpan } from '../../parquet/metrics';
import { columnsFor } from '../../parquet/read';
import type { PartPiece, PlacedRow } from '../../ports/copy-engine';
import { mapAtOnce } from '../../table/at-once';
import { type OpenFile, openFile } from '../../table/data-file';
import { type Group, numbered } from './groups';
import { readJson, writeJson } from './json-object';
import { type Comparison, comparisons, type KeyGroup, keyRange, meeting } from './key-ranges';
import type { GroupPart } from './plan-packs';
import { countedOf, fieldOf, folderOf, type LoadPorts, type Recipe } from './recipe';
import { keysRepeated } from './run-errors';
import { countedIn } from './validate';

/** Rows that share a key, of which an error names so many. */
const NAMED_MAX = 20;
/** Files of a group that it names. */
const FILES_MAX = 3;
/** Stored bytes of keys that are compared at once: a function's scratch folder holds 10 GB, and spills need room too. */
const KEY_BYTES_MAX = 2 ** 32;
/** Parts that are read from at once. */
const AT_ONCE = 16;

export interface Settled {
  readonly parts: readonly GroupPart[];
  /** Rows that were left out, as others of their key are newer. */
  readonly outdone: number;
}

/**
 * Looks for rows that share a key, over all parts. They are refused, or all but the newest left out, as the config says:
 * then parts that lose rows are written anew under names of their own. A crash leaves some of those. Only the keys of
 * parts whose ranges meet are read, `bytesMax` stored bytes of them at a time; a range in which no rows share one is not
 * read again by who goes on.
 * @throws TM_2754
 */
export async function settleKeys(
  ports: LoadPorts,
  recipe: Recipe,
  parts: readonly GroupPart[],
  bytesMax: number = KEY_BYTES_MAX,
): Promise<Settled> {
  const asked = meeting(parts);
  if (asked.length === 0) return { parts, outdone: 0 };
  const { key } = recipe.shape;
  const { duplicateKeys } = recipe.table.load;
  const newestBy = duplicateKeys === 'refuse' ? undefined : fieldOf(recipe.shape, duplicateKeys.newestBy);
  const fields = newestBy && !key.some(k => k.id === newestBy.id) ? [...key, newestBy] : key;
  return ports.scratch.within(async folder => {
    const search = { ports, parts, key, fields, newestBy, folder };
    const groups = await mapAtOnce(asked, AT_ONCE, part => keyGroups(search, part));
    const noted = `${folderOf(recipe)}/compared/${bytesMax}-`;
    const found = await compareAll(search, comparisons(groups.flat(), bytesMax), noted);
    if (found.keys > 0 && !newestBy) {
      const named: string[] = [];
      for (const row of found.first) named.push(await nameOf(ports, recipe, parts, row));
      throw keysRepeated(recipe.table.name, found.keys, [...new Set(named)]);
    }
    const kept: GroupPart[] = [];
    for (const [part, stored] of parts.entries()) {
      const losers = found.losers.get(part);
      if (losers) kept.push(...(await without(ports, recipe, stored, { part, losers })));
      else kept.push(stored);
    }
    return { parts: kept, outdone: found.outdone };
  });
}

/** What is looked for, and where. */
interface Search {
  readonly ports: LoadPorts;
  readonly parts: readonly GroupPart[];
  readonly key: readonly Field[];
  /** Undefined: nobody asks which row stays. */
  readonly newestBy: Field | undefined;
  /** The columns that are read: key and newestBy. */
  readonly fields: readonly Field[];
  readonly folder: string;
}

interface Found {
  /** Keys that several rows have, and the first of those rows. */
  readonly keys: number;
  readonly first: readonly PlacedRow[];
  /** Files with the rows that lose, by part. */
  readonly losers: ReadonlyMap<number, readonly string[]>;
  readonly outdone: number;
}

async function compareAll(search: Search, all: readonly Comparison[], noted: string): Promise<Found> {
  const { ports, key, newestBy, folder } = search;
  const losers = new Map<number, string[]>();
  const first: PlacedRow[] = [];
  let keys = 0;
  let outdone = 0;
  for (const [n, comparison] of all.entries()) {
    const note = `${noted}${n}.json`;
    if (await ports.store.head(note)) continue;
    await ports.scratch.within(async own => {
      const { from, to } = comparison;
      const order = { pieces: await piecesOf(search, comparison, own), key, from, to };
      const repeated = await ports.engine.repeated(order, NAMED_MAX - first.length);
      keys += repeated.keys;
      first.push(...repeated.first);
      if (repeated.keys === 0) return writeJson(ports.store, note, {});
      if (!newestBy) return;
      const file = `${folder}/losers-${n}.parquet`;
      const lost = await ports.engine.losers({ ...order, newestBy, file });
      for (const [i, { part }] of order.pieces.entries())
        if (lost[i]! > 0) losers.set(part, [...(losers.get(part) ?? []), file]);
      outdone += lost.reduce((a, b) => a + b, 0);
    });
  }
  return { keys, first, losers, outdone };
}

/** A part's row groups with the ranges of their keys. */
async function keyGroups({ ports, parts, key: [first], fields }: Search, part: number): Promise<KeyGroup[]> {
  const { footer } = await openPart(ports, parts[part]!);
  const columns = columnsFor(footer, fields);
  let firstRow = 0;
  return footer.rowGroups.map((group, rowGroup) => {
    const span = rowGroupSpan(footer, rowGroup, first!);
    const bytes = columns.reduce((sum, c) => sum + group.columns[c]!.size, 0);
    const from = firstRow;
    firstRow += group.rows;
    return { part, rowGroup, firstRow: from, bytes, range: keyRange(first!, span), least: span?.min };
  });
}

/** The keys of a comparison as files at hand, one a part: from the first row group that it asks for to the last. */
async function piecesOf(
  { ports, parts, fields }: Search,
  { groups }: Comparison,
  folder: string,
): Promise<PartPiece[]> {
  const runs: { part: number; from: KeyGroup; to: KeyGroup }[] = [];
  for (const group of groups) {
    const last = runs.at(-1);
    if (last?.part === group.part) last.to = group;
    else runs.push({ part: group.part, from: group, to: group });
  }
  return mapAtOnce(runs, AT_ONCE, async ({ part, from, to }) => {
    const body = keysOf(await openPart(ports, parts[part]!), fields, [from.rowGroup, to.rowGroup]);
    const file = await ports.scratch.keep(body, folder, `${part}.parquet`);
    return { file, part, firstRow: from.firstRow };
  });
}

function openPart({ store }: LoadPorts, { key, bytes }: GroupPart): Promise<OpenFile> {
  return openFile(store, { path: store.uri(key), size: bytes });
}

/** Some columns of row groups of a file, as a file. */
async function* keysOf(
  { footer, bytes }: OpenFile,
  fields: readonly Field[],
  [from, to]: readonly [number, number],
): AsyncGenerator<Uint8Array> {
  const assembler = new FileAssembler();
  const columns = columnsFor(footer, fields);
  yield assembler.start();
  for (let g = from; g <= to; g++)
    for (const { start, end } of assembler.pick(footer, g, columns)) yield bytes(start, end);
  yield assembler.finish();
}

/** The part without the rows that lose: none if nothing is left. */
async function without(
  ports: LoadPorts,
  recipe: Recipe,
  stored: GroupPart,
  losing: { readonly part: number; readonly losers: readonly string[] },
): Promise<GroupPart[]> {
  return ports.scratch.within(async folder => {
    const from = await ports.scratch.bring(ports.store, { key: stored.key }, folder);
    const file = `${folder}/kept.parquet`;
    const { logFields: fields } = recipe.shape;
    const left = await ports.engine.without({ ...losing, from, fields, file, limits: recipe.limits });
    if (!left) return [];
    const key = `${folderOf(recipe)}/kept/${String(losing.part + 1).padStart(6, '0')}.parquet`;
    const published = await ports.scratch.publish(ports.store, file, key);
    const { footer } = await openPart(ports, { ...stored, ...published, key });
    return [{ ...stored, ...published, rows: left.rows, key, counted: countedIn(footer, countedOf(recipe)) }];
  });
}

/** The key, and the files of the copy that its row is of one of: in a part rows are sorted. */
async function nameOf(
  { store }: LoadPorts,
  recipe: Recipe,
  parts: readonly GroupPart[],
  { part, key }: PlacedRow,
): Promise<string> {
  const files: string[] = [];
  for await (const group of store.list(`${folderOf(recipe)}/groups/${numbered(parts[part]!.group)}-`))
    files.push(...(await readJson<Group>(store, group.key)).files.map(file => file.uri));
  const more = files.length - FILES_MAX;
  const named = files.slice(0, FILES_MAX).join(', ') + (more > 0 ? ` and ${more} more` : '');
  return `${key.map(value => value ?? 'NULL').join(', ')} in ${files.length > 1 ? `one of ${named}` : named}`;
}

import { comparePositions } from '../../change/position';
import type { ResolvedTable } from '../../config/resolved';
import type { DataFile } from '../../iceberg/data-file';
import { currentSchema, type TableMetadata } from '../../iceberg/metadata';
import { readCounter } from '../../ledger/counter';
import { type Entry, entriesAfter, isLoad } from '../../ledger/entries';
import type { Items } from '../../ports/items';
import type { LakePorts } from '../../ports/lake-ports';
import { type Cursor, START } from '../../table/cursor';
import type { FoldResult } from '../../table/fold-into';
import type { LiveFiles } from '../../table/live-files';
import { readLoadFiles, tableFilesOf } from '../../table/load-files';
import { unlessGone } from '../../table/moved-deltas';
import type { OpenTable } from '../../table/open';
import { castOf } from '../../table/retyped';
import { standsAt } from '../../table/stands-at';
import { type Aside, type Folding, foldAside, NOTHING } from './fold-aside';
import { changeOf, type Ground, leave, takeUp } from './left-aside';
import type { Pace } from './pace';
import type { After, MergeLimits, Slice } from './slice';

/**
 * The entries through the next load, if that is what the table begins anew with: a load into a table that has nothing
 * yet, or a replace. All of them go into one commit: nobody sees changes without the rows that they change.
 */
export async function sliceOfLoad(
  items: Items,
  table: string,
  { through }: Cursor,
  { data }: LiveFiles,
): Promise<Entry[] | undefined> {
  const { load = 0 } = await readCounter(items, table);
  if (load <= through) return undefined;
  const slice: Entry[] = [];
  for await (const entry of entriesAfter(items, table, through)) {
    slice.push(entry);
    if (isLoad(entry)) return entry.kind === 'replace' || data.length === 0 ? slice : undefined;
  }
  return undefined;
}

/**
 * Folds a slice that ends with a load into files that nothing names yet (PROTOCOL.md, L). Where the time is over first,
 * what is folded is left for the next merge, which goes on with it.
 */
export async function foldLoad(
  ports: LakePorts,
  table: ResolvedTable,
  read: Slice,
  { limits, pace }: { readonly limits: MergeLimits; readonly pace: Pace },
): Promise<FoldResult | { readonly again: After }> {
  const { current, log, cursor, files } = read;
  const load = read.slice.at(-1)!;
  const anew = load.kind === 'replace' || files.data.length === 0;
  const ground: Ground = { table, load, current, log, cursor, files: anew ? NOTHING.files : files };
  const left = await takeUp(ports, ground);
  const begin = left?.aside ?? (anew ? await beginAnew(ports, table.name, read) : beginOn(read));
  const folding: Folding = {
    table,
    current: anew ? { ...current, widened: false } : current,
    log,
    seen: load.n,
    // What a replace truncates is not even read.
    skip: entry => load.kind === 'replace' && comparePositions(entry.greatest, load.least) < 0,
    limits,
  };
  const { aside, unfinished } = await foldAside(ports, folding, begin, { pace, fresh: !left?.aside });
  if (unfinished) return { again: await leave(ports, ground, aside, left?.version) };
  const { added, removed } = changeOf(files, aside.files);
  return {
    added: added.data.map(f => f.file),
    removed,
    cursor: { ...aside.cursor, through: load.n, entry: load.name },
    rows: anew ? { new: rowsIn(aside.files), changed: 0, deleted: rowsIn(files) } : aside.rows,
  };
}

/** The load's rows are folded onto those that stand. */
function beginOn({ files, cursor, slice }: Slice): Aside {
  const { n } = slice.at(-1)!;
  return { ...NOTHING, files, cursor, next: { after: n - 1, groups: 0 }, through: n };
}

/**
 * The load's rows as its packs have them, for the entries before it to be folded on them: in which order changes of
 * different positions are folded does not matter. Without packs, or where an entry has a change at the load's own
 * position, of which the later one counts, all are folded in the order of their numbers.
 */
async function beginAnew(
  ports: LakePorts,
  table: string,
  { current, log, cursor, slice }: Slice,
): Promise<Aside> {
  const load = slice.at(-1)!;
  const loaded = await readLoadFiles(ports, load);
  const { metadata } = current;
  // Packs are gone where another engine rolled the table back to before the load, and the snapshots beyond expired. They
  // are of another spec where the config changed before the table was made, and have texts where a column was retyped.
  const found = await unlessGone(tableFilesOf(ports, metadata, loaded));
  const fit = found?.every(file => hasRetyped(file, metadata)) ? found : undefined;
  const adopted = fit && !(await meetsEarlier(ports, table, log, load)) ? fit : undefined;
  const sequenceNumber = metadata['last-sequence-number'] + 1;
  return {
    ...NOTHING,
    files: { data: (adopted ?? []).map(file => ({ file, sequenceNumber })), deletes: [] },
    cursor: {
      through: load.n,
      entry: load.name,
      greatest: adopted ? load.greatest : START.greatest,
      partial: cursor.partial || load.partial || (adopted ?? []).some(file => isNarrow(file, metadata)),
    },
    through: adopted ? load.n - 1 : load.n,
  };
}

/** Whether an entry before the load has a change at exactly its position. */
async function meetsEarlier(ports: LakePorts, table: string, log: OpenTable, load: Entry): Promise<boolean> {
  for await (const entry of entriesAfter(ports.items, table, START.through)) {
    if (entry.n >= load.n) return false;
    if (await standsAt(ports, log, entry, load.least)) return true;
  }
  return false;
}

/** Whether the file has the values of all columns that were retyped. */
function hasRetyped({ metrics }: DataFile, metadata: TableMetadata): boolean {
  const retyped = currentSchema(metadata).fields.filter(field => castOf(field) !== undefined);
  return retyped.every(field => metrics.valueCounts.has(field.id));
}

/** Whether the table has gained columns since the file was written. */
function isNarrow({ metrics }: DataFile, metadata: TableMetadata): boolean {
  return currentSchema(metadata).fields.some(field => !metrics.valueCounts.has(field.id));
}

function rowsIn({ data }: LiveFiles): number {
  return data.reduce((sum, { file }) => sum + file.recordCount, 0);
}

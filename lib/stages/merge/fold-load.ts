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
import { loadPortions } from '../../table/portion';
import { standsAt } from '../../table/stands-at';
import { type Aside, type FoldedAside, foldAside } from './fold-aside';
import { portionsThrough } from './next-slice';
import type { MergeLimits, Slice } from './slice';

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

/** Folds a slice that ends with a load into files that nothing names yet (PROTOCOL.md, L). */
export async function foldLoad(
  ports: LakePorts,
  table: ResolvedTable,
  read: Slice,
  limits: MergeLimits,
): Promise<FoldResult> {
  const { files, slice } = read;
  const load = slice.at(-1)!;
  const anew = load.kind === 'replace' || files.data.length === 0;
  const fold = anew
    ? await foldAnew(ports, table, read, limits)
    : await foldAside(ports, table, read, read, loadPortions(ports, load, limits), limits);
  const before = new Set([...files.data, ...files.deletes].map(f => f.file.path));
  const after = new Set([...fold.files.data, ...fold.files.deletes].map(f => f.file.path));
  return {
    added: fold.files.data.map(f => f.file).filter(f => !before.has(f.path)),
    removed: new Set([...before].filter(path => !after.has(path))),
    cursor: { ...fold.cursor, through: load.n, entry: load.name },
    rows: anew ? { new: rowsIn(fold.files), changed: 0, deleted: rowsIn(files) } : fold.rows,
  };
}

/**
 * The load's rows as its packs have them, and on them the entries before it: in which order changes of different positions
 * are folded does not matter. What a replace truncates is not even read. Without packs, or where an entry has a change at
 * the load's own position, of which the later one counts, all are folded in the order of their numbers.
 */
async function foldAnew(
  ports: LakePorts,
  table: ResolvedTable,
  { current, log, cursor, slice }: Slice,
  limits: MergeLimits,
): Promise<FoldedAside> {
  const load = slice.at(-1)!;
  const { packs } = await readLoadFiles(ports, load);
  const { metadata } = current;
  // Packs are gone where another engine rolled the table back to before the load, and the snapshots beyond expired.
  const found = await unlessGone(tableFilesOf(ports, metadata, packs));
  const outdone = (entry: Entry) =>
    load.kind === 'replace' && comparePositions(entry.greatest, load.least) < 0;
  const adopted = found && !(await meetsEarlier(ports, table.name, log, load)) ? found : undefined;
  const sequenceNumber = metadata['last-sequence-number'] + 1;
  const base: Aside = {
    files: { data: (adopted ?? []).map(file => ({ file, sequenceNumber })), deletes: [] },
    cursor: {
      through: load.n,
      entry: load.name,
      greatest: adopted ? load.greatest : START.greatest,
      partial: cursor.partial || load.partial || (adopted ?? []).some(file => isNarrow(file, metadata)),
    },
  };
  const span = { after: START.through, through: adopted ? load.n - 1 : load.n };
  const portions = portionsThrough(ports, table.name, span, limits, outdone);
  const folding = { current: { ...current, widened: false }, log, seen: load.n };
  return foldAside(ports, table, folding, base, portions, limits);
}

/** Whether an entry before the load has a change at exactly its position. */
async function meetsEarlier(ports: LakePorts, table: string, log: OpenTable, load: Entry): Promise<boolean> {
  for await (const entry of entriesAfter(ports.items, table, START.through)) {
    if (entry.n >= load.n) return false;
    if (await standsAt(ports, log, entry, load.least)) return true;
  }
  return false;
}

/** Whether the table has gained columns since the file was written. */
function isNarrow({ metrics }: DataFile, metadata: TableMetadata): boolean {
  return currentSchema(metadata).fields.some(field => !metrics.valueCounts.has(field.id));
}

function rowsIn({ data }: LiveFiles): number {
  return data.reduce((sum, { file }) => sum + file.recordCount, 0);
}

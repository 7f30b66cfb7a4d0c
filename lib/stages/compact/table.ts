import type { Field } from '../../columnar/types';
import type { ResolvedTable } from '../../config/resolved';
import type { DataFile } from '../../iceberg/data-file';
import { currentSchema, specById } from '../../iceberg/metadata';
import type { LakePorts } from '../../ports/lake-ports';
import { planCompaction } from '../../table/compact-plan';
import { type OpenFile, openFile } from '../../table/data-file';
import { Deletes } from '../../table/deletes';
import { rowsDoNotAddUp } from '../../table/errors';
import { filePlace } from '../../table/file-place';
import { type LiveFile, type LiveFiles, liveFiles } from '../../table/live-files';
import { type OpenTable, openTable } from '../../table/open';
import { called } from '../../table/renames';
import { replaceFiles } from '../../table/replace-files';
import { rowOrder } from '../../table/row-order';
import { isSorted, liveRows, mergeSorted, sortedWhole } from '../../table/sorted-rows';
import { writeFiles } from '../../table/write-files';
import { type Compacted, type CompactLimits, isSmall, SMALL_FILES_MIN } from './compact';

/** What a compaction of the current table reads: its files, with the deletes that stand against them. */
interface Table {
  readonly open: OpenTable;
  readonly files: LiveFiles;
  readonly deletes: Deletes;
  readonly fields: readonly Field[];
  /** What rows of a file are sorted by. */
  readonly order: readonly Field[];
}

/** Past this share of deleted rows a file is written anew. */
const WORN = 0.1;
/** Bytes of one compaction, in files of the greatest size. */
const FILES_WRITTEN_MAX = 4;
/** A row group of another engine past this many of ours is too much to hold several of. */
const ROW_GROUPS_MAX = 4;

/** Writes some files of a partition anew as fewer ones, sorted, without deleted rows (see planCompaction). */
export async function compactTable(
  ports: LakePorts,
  of: ResolvedTable,
  limits: CompactLimits,
): Promise<Compacted | undefined> {
  const found = await openTable(ports, of.name);
  if (!found) return undefined;
  const open = called(found, of);
  const { fields } = currentSchema(open.metadata);
  const files = await liveFiles(ports.store, open.metadata);
  const table: Table = {
    open,
    files,
    deletes: await Deletes.read(ports.store, files, fields),
    fields,
    order: rowOrder(fields, of.key),
  };
  const inputs = await chosen(ports, table, limits);
  return inputs && rewrite(ports, table, inputs, limits);
}

interface Input {
  readonly live: LiveFile;
  readonly file: OpenFile;
  readonly sorted: boolean;
}

/** The planned files, opened; one that cannot be held in memory the way it is written is left out of the next plan. */
async function chosen(
  { store }: LakePorts,
  { files, deletes, order }: Table,
  limits: CompactLimits,
): Promise<Input[] | undefined> {
  let candidates = files.data.filter(({ file }) => file.format.toUpperCase() === 'PARQUET');
  const worn = new Set(candidates.filter(live => isWorn(live, deletes)));
  const rule = {
    isSmall: ({ file }: LiveFile) => isSmall(file.size, limits),
    isWorn: (live: LiveFile) => worn.has(live),
    smallFilesMin: limits.smallFilesMin ?? SMALL_FILES_MIN,
    bytesMax: FILES_WRITTEN_MAX * limits.fileBytesMax,
  };
  for (;;) {
    const planned = planCompaction(candidates, order[0]!, rule);
    if (planned.length === 0) return undefined;
    const inputs: Input[] = [];
    for (const live of planned) {
      const file = await openFile(store, live.file);
      const input = { live, file, sorted: await isSorted(file, order) };
      if (fits(input, limits)) inputs.push(input);
      else candidates = candidates.filter(other => other !== live);
    }
    if (inputs.length === planned.length) return inputs;
  }
}

function isWorn(live: LiveFile, deletes: Deletes): boolean {
  const { positions, equalities } = deletes.for(live);
  return equalities.length > 0 || positions.size > live.file.recordCount * WORN;
}

function fits({ file: { footer }, sorted }: Input, limits: CompactLimits): boolean {
  const sizes = footer.rowGroups.map(g => g.columns.reduce((sum, c) => sum + c.uncompressed, 0));
  if (sorted) return Math.max(0, ...sizes) <= ROW_GROUPS_MAX * limits.rowGroupBytesMax;
  return footer.rows <= limits.mergeRowsMax && sizes.reduce((a, b) => a + b, 0) <= limits.mergeBytesMax;
}

async function rewrite(
  ports: LakePorts,
  { open, files, deletes, fields, order }: Table,
  inputs: readonly Input[],
  limits: CompactLimits,
): Promise<Compacted | undefined> {
  const first = inputs[0]!.live.file;
  const shape = {
    name: open.name,
    fields,
    spec: specById(open.metadata, first.specId),
    sortOrderId: open.metadata['default-sort-order-id'],
  };
  const place = filePlace(shape, first.partition);
  const sources = inputs.map(({ live, file, sorted }) => {
    const rows = liveRows(file, deletes.for(live), fields);
    return sorted ? rows : sortedWhole(rows, order);
  });
  const added = await writeFiles(ports, place, mergeSorted(sources, order), limits);
  checkRows(open.name, inputs, deletes, added);
  const replaced = new Set(inputs.map(({ live }) => live.file.path));
  const standing = new Set(files.data.map(f => f.file.path).filter(file => !replaced.has(file)));
  const spent = deletes.without(standing);
  const snapshot = await replaceFiles(ports, { base: open, files, replaced, spent, added });
  if (!snapshot) return undefined;
  return {
    table: open.name,
    files: { before: inputs.length, after: added.length },
    rows: rowsIn(added),
    bytes: { read: bytesIn(inputs.map(({ live }) => live.file)), written: bytesIn(added) },
    snapshotId: snapshot['snapshot-id'],
  };
}

/** Rows in - deletes = rows out; unknown where an equality delete stands against a file. */
function checkRows(
  table: string,
  inputs: readonly Input[],
  deletes: Deletes,
  added: readonly DataFile[],
): void {
  let expected = 0;
  for (const { live } of inputs) {
    const { positions, equalities } = deletes.for(live);
    if (equalities.length > 0) return;
    expected += live.file.recordCount - positions.size;
  }
  if (rowsIn(added) !== expected) throw rowsDoNotAddUp(table, expected, rowsIn(added));
}

function rowsIn(files: readonly DataFile[]): number {
  return files.reduce((sum, file) => sum + file.recordCount, 0);
}

function bytesIn(files: readonly DataFile[]): number {
  return files.reduce((sum, file) => sum + file.size, 0);
}

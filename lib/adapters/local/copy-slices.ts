import type { LocalFile, SplitOrder } from '../../ports/copy-engine';
import type { WritingEngine } from '../../ports/query-engine';
import { VECTOR_ROWS } from '../../query/load/copy-to';
import { FILE_ROW, filesSql, type StoredColumn, sizeSql, sliceSql } from '../../query/load/read-copy';

/** The engine holds several times 2,048 rows at once, whatever they weigh: so much of them fits into its memory. */
const VECTOR_BYTES_MAX = 16 << 20;

/** A group of more was made so large to have fewer parts, and not several of each partition. */
const SLICES_MAX = 4;

/**
 * FROM of a copy's files a few rows at a time, a row group's worth each, where they are too wide for the engine to go
 * through a file by itself. Undefined where they are not, or where a file cannot be entered in its middle.
 * @param sizes of each file
 */
export async function wideSlices(
  engine: WritingEngine,
  { copy: { files }, limits }: SplitOrder,
  stored: readonly StoredColumn[],
  sizes: readonly StoredSize[],
): Promise<readonly string[] | undefined> {
  if (stored.some(c => c.name.toLowerCase() === FILE_ROW)) return undefined;
  const width = Math.max(...sizes.map(({ rows, bytes }) => bytes / Math.max(rows, 1)));
  if (width * VECTOR_ROWS <= VECTOR_BYTES_MAX) return undefined;
  const rows = Math.max(1, Math.floor(limits.rowGroupBytesMax / width));
  const slices: string[] = [];
  for (const [i, file] of files.entries()) {
    const own = await namesIn(engine, [file]);
    for (let from = 0; from < sizes[i]!.rows; from += rows)
      slices.push(sliceSql({ files: [file], rows: { from, to: from + rows } }, stored, own));
  }
  return slices;
}

/**
 * FROM of a copy's files, as many at a time as are sorted in memory, or all of them. None is cut: where files follow the
 * key, so do slices of them, and a pack's parts need no second sort.
 * @param by bytes of each file's rows, and how many are sorted at once
 */
export async function sortedSlices(
  engine: WritingEngine,
  files: readonly LocalFile[],
  stored: readonly StoredColumn[],
  by: { readonly bytes: readonly number[]; readonly most: number },
): Promise<readonly string[]> {
  const runs: LocalFile[][] = [];
  let left = 0;
  for (const [i, file] of files.entries()) {
    if (runs.length === 0 || by.bytes[i]! > left) {
      runs.push([]);
      left = by.most;
    }
    runs.at(-1)!.push(file);
    left -= by.bytes[i]!;
  }
  const slices: string[] = [];
  for (const run of runs.length > SLICES_MAX ? [files] : runs)
    slices.push(sliceSql({ files: run }, stored, await namesIn(engine, run)));
  return slices;
}

/** FROM of one file, with all of the copy's columns: one of JSON lines may lack some. */
export async function fileSql(
  engine: WritingEngine,
  file: LocalFile,
  stored: readonly StoredColumn[],
): Promise<string> {
  return sliceSql({ files: [file] }, stored, await namesIn(engine, [file]));
}

/** The columns of files, in lower case. */
async function namesIn(engine: WritingEngine, files: readonly LocalFile[]): Promise<ReadonlySet<string>> {
  const columns = await engine.describe({ sql: `SELECT * FROM ${filesSql(files)}` });
  return new Set(columns.map(c => c.name.toLowerCase()));
}

/** Each file's own. */
export async function sizesOf(
  engine: WritingEngine,
  files: readonly LocalFile[],
): Promise<readonly StoredSize[]> {
  const sizes: StoredSize[] = [];
  for (const { path } of files) sizes.push(await sizeOf(engine, [path]));
  return sizes;
}

/** Rows of files, and the bytes of their columns in memory. */
export interface StoredSize {
  readonly rows: number;
  readonly bytes: number;
}

export async function sizeOf(engine: WritingEngine, paths: readonly string[]): Promise<StoredSize> {
  const [row] = (await engine.rows({ sql: sizeSql(paths) })).rows;
  return { rows: Number(row?.[0] ?? 0), bytes: Number(row?.[1] ?? 0) };
}

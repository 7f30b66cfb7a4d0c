import type { SplitOrder } from '../../ports/copy-engine';
import type { WritingEngine } from '../../ports/query-engine';
import { VECTOR_ROWS } from '../../query/load/copy-to';
import { FILE_ROW, filesSql, type StoredColumn, sizeSql, sliceSql } from '../../query/load/read-copy';

/** The engine holds several times 2,048 rows at once, whatever they weigh: so much of them fits into its memory. */
const VECTOR_BYTES_MAX = 16 << 20;

/**
 * FROM of a copy's files a few rows at a time, a row group's worth each, where they are too wide for the engine to go
 * through a file by itself. Undefined where they are not, or where a file cannot be entered in its middle.
 */
export async function wideSlices(
  engine: WritingEngine,
  { copy, limits }: SplitOrder,
  stored: readonly StoredColumn[],
): Promise<readonly string[] | undefined> {
  if (copy.format !== 'parquet' || stored.some(c => c.name.toLowerCase() === FILE_ROW)) return undefined;
  const sizes: StoredSize[] = [];
  for (const { path } of copy.files) sizes.push(await sizeOf(engine, [path]));
  const width = Math.max(...sizes.map(({ rows, bytes }) => bytes / Math.max(rows, 1)));
  if (width * VECTOR_ROWS <= VECTOR_BYTES_MAX) return undefined;
  const rows = Math.max(1, Math.floor(limits.rowGroupBytesMax / width));
  const slices: string[] = [];
  for (const [i, file] of copy.files.entries()) {
    const own = await engine.describe({ sql: `SELECT * FROM ${filesSql('parquet', [file])}` });
    const names = new Set(own.map(c => c.name.toLowerCase()));
    for (let from = 0; from < sizes[i]!.rows; from += rows)
      slices.push(sliceSql({ file, from, to: from + rows }, stored, names));
  }
  return slices;
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

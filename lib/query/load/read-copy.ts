import type { LocalFile } from '../../ports/copy-engine';
import { quoteName, quotePath } from '../quote';

/** A column as the engine finds it in the files. */
export interface StoredColumn {
  readonly name: string;
  /** The engine's name of its type. */
  readonly type: string;
}

/** FROM of Parquet files, their columns as the engine finds them. */
export function filesSql(files: readonly LocalFile[]): string {
  const list = `[${files.map(f => quotePath(f.path)).join(', ')}]`;
  return `read_parquet(${list}, union_by_name = true, hive_partitioning = false)`;
}

/** Some of a copy's files; of their rows all, or those from `from` on and before `to`, counted from 0. */
export interface Slice {
  readonly files: readonly LocalFile[];
  readonly rows?: { readonly from: number; readonly to: number };
}

/**
 * FROM of a slice, with all of the copy's columns whichever of them its files have (`own`). The engine's own name for a row's
 * place is a user's where a column is called so.
 */
export function sliceSql(
  { files, rows }: Slice,
  stored: readonly StoredColumn[],
  own: ReadonlySet<string>,
): string {
  const columns = stored.map(({ name, type }) => {
    const value = own.has(name.toLowerCase()) ? quoteName(name) : 'NULL';
    return `CAST(${value} AS ${type}) AS ${quoteName(name)}`;
  });
  const within = rows ? ` WHERE ${FILE_ROW} >= ${rows.from} AND ${FILE_ROW} < ${rows.to}` : '';
  return `(SELECT ${columns.join(', ')} FROM ${filesSql(files)}${within})`;
}

export const FILE_ROW = 'file_row_number';

/** SELECT of the rows of Parquet files and of the bytes of their columns in memory, as they say themselves. */
export function sizeSql(paths: readonly string[]): string {
  const list = `[${paths.map(quotePath).join(', ')}]`;
  const of = (what: string, metadata: string) =>
    `(SELECT coalesce(sum(${what}), 0) FROM ${metadata}(${list}))`;
  return `SELECT ${of('num_rows', 'parquet_file_metadata')}, ${of('total_uncompressed_size', 'parquet_metadata')}`;
}

/** The stored columns under their names. */
export function storedSql(from: string, columns: readonly StoredColumn[]): string {
  return `SELECT ${columns.map(c => quoteName(c.name)).join(', ')} FROM ${from}`;
}

/** With PLACE: the row's place among the files' rows, from 1. */
export function placedSql(from: string, columns: readonly StoredColumn[]): string {
  return `SELECT ${[...columns.map(c => quoteName(c.name)), `row_number() OVER () AS ${PLACE}`].join(', ')} FROM ${from}`;
}

/** SELECT of one row for which every value is read. */
export function wholeSql(from: string, columns: readonly StoredColumn[]): string {
  return `SELECT max(hash(${columns.map(c => quoteName(c.name)).join(', ')})) FROM ${from}`;
}

export const PLACE = '_tm_place';

import { TidemarkError } from '../../errors';

/** TM_2731: a row of a copy whose value is not one of its column's type, or that a derivation fails on. */
export const rowUnfit = (file: string, row: number, column: string, why: string) =>
  new TidemarkError(
    'TM_2731',
    `column ${column}: ${why}`,
    `${file}, row ${row}`,
    `declare another type for ${column}, or derive it with an expression that takes such rows; then retry`,
  );

/** TM_2732: a file of a copy that cannot be read to its end. */
export const copyFileUnread = (file: string, why: string) =>
  new TidemarkError('TM_2732', why, file, 'put a whole file in its place and plan the load anew');

/** TM_2733: a derivation that is no expression over the columns before it that gives the same value each time. */
export const derivationWrong = (column: string, text: string, why: string) =>
  new TidemarkError(
    'TM_2733',
    why,
    `load.derive.${column}: ${text}`,
    'write an expression of DuckDB over columns of the copy or derived before it, without subqueries',
  );

/** TM_2734: a column of a copy whose values have nothing in common with the table's type. */
export const columnUncastable = (column: string, stored: string, type: string, file: string) =>
  new TidemarkError(
    'TM_2734',
    `column ${column} is ${stored} in the copy and ${type} in the table`,
    file,
    `derive ${column} with an expression that gives ${type}, or declare another type`,
  );

/** TM_2735: rows so wide that not enough of them fit into a worker's memory to be sorted there. */
export const rowsTooWide = (where: string, cause: unknown) =>
  new TidemarkError(
    'TM_2735',
    'the rows are too wide for the memory of a worker',
    where,
    'write the Parquet files of the copy with smaller row groups: then wide rows are read a few at a time; else leave the widest column out',
    { cause },
  );

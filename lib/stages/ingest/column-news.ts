import { isSlip } from '../../config/nearest';
import type { ResolvedTable } from '../../config/resolved';
import { misspeltColumn } from '../../formats/errors';
import type { FormatKind } from '../../formats/format';

/** How a file's columns differ from those its table is known to have: what a person should look at. */
export interface ColumnNews {
  /** Columns that the table has not had, as the file names them. */
  readonly newColumns?: readonly string[];
  /** Columns of the table that the file lacks: its rows keep their values. */
  readonly lacking?: readonly string[];
}

/**
 * What is new about a file's columns; nothing for the first file of a table that declares none.
 * @param found the columns of the file
 * @param known the columns that the config declares and those that earlier files brought
 */
export function columnNews(
  { omit, key }: Pick<ResolvedTable, 'omit' | 'key'>,
  kind: FormatKind,
  found: readonly string[],
  known: readonly string[],
): ColumnNews {
  if (known.length === 0 || found.length === 0) return {};
  const beyond = (names: readonly string[], others: readonly string[]) =>
    names.filter(name => !others.includes(name) && !omit.includes(name));
  const newColumns = beyond(found, [...known, ...key]);
  // Members of JSON come and go from row to row: what one file lacks says nothing.
  const lacking = kind === 'json-lines' ? [] : beyond(known, found);
  return {
    ...(newColumns.length > 0 ? { newColumns } : {}),
    ...(lacking.length > 0 ? { lacking } : {}),
  };
}

/**
 * Holds a file that lacks a column and brings one of nearly that name. Taken in, its values would stand in a column of
 * their own, and the column that was meant would keep its old ones. @throws TM_2116
 */
export function checkSlips({ newColumns = [], lacking = [] }: ColumnNews, file: string): void {
  for (const found of newColumns) {
    const meant = lacking.find(name => isSlip(found, name));
    if (meant !== undefined) throw misspeltColumn(found, meant, file);
  }
}

/** Names of each kind that the ledger keeps: a file may have thousands of columns, an item of the ledger 400 kB. */
const NAMES_KEPT_MAX = 20;

/** The news as a step of the file's way keeps them. */
export function kept({ newColumns, lacking }: ColumnNews): ColumnNews {
  const first = (names: readonly string[]) => names.slice(0, NAMES_KEPT_MAX);
  return {
    ...(newColumns ? { newColumns: first(newColumns) } : {}),
    ...(lacking ? { lacking: first(lacking) } : {}),
  };
}

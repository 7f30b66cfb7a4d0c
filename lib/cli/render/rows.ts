import type { Cell, RowStream } from '../../ports/query-engine';
import type { Io } from '../io';
import { csvLine } from './csv';
import { jsonRow } from './json';
import { tableText } from './table';

export type Output = 'table' | 'json' | 'csv';

/** Rows under named columns; they are read once. */
export interface RowSet {
  readonly columns: readonly string[];
  /** The engine's names of the columns' types: decimals come as text and are numbers all the same. */
  readonly types?: readonly string[];
  readonly rows: Iterable<readonly Cell[]> | AsyncIterable<readonly Cell[]>;
}

/** An engine's answer as it comes. */
export function streamed({ columns, batches }: RowStream): RowSet {
  return { columns: columns.map(c => c.name), types: columns.map(c => c.type), rows: flat(batches) };
}

async function* flat(batches: RowStream['batches']): AsyncGenerator<readonly Cell[]> {
  for await (const batch of batches) yield* batch;
}

/** A table on a terminal is for eyes: more rows than this are counted, not shown. csv and json give all. */
export const TABLE_ROWS_MAX = 1000;

/** Prints rows to stdout in the form that was asked for. csv and json are written row by row. */
export async function renderRows(set: RowSet, output: Output, io: Io): Promise<void> {
  if (output === 'csv') return renderCsv(set, io);
  if (output === 'json') return renderJson(set, io);
  const shown: (readonly Cell[])[] = [];
  let count = 0;
  for await (const row of set.rows) if (++count <= TABLE_ROWS_MAX) shown.push(row);
  io.out(tableText(set, shown));
  if (count > shown.length) io.err(`${count - shown.length} more rows: --output csv or json gives all\n`);
}

async function renderCsv({ columns, rows }: RowSet, io: Io): Promise<void> {
  io.out(csvLine(columns));
  for await (const row of rows) io.out(csvLine(row));
}

async function renderJson({ columns, rows }: RowSet, io: Io): Promise<void> {
  let before = '[';
  for await (const row of rows) {
    io.out(`${before}\n  ${jsonRow(columns, row)}`);
    before = ',';
  }
  io.out(before === '[' ? '[]\n' : '\n]\n');
}

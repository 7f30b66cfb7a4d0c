import type { Batch } from '../columnar/column';
import { valueAt } from '../columnar/kernels';
import type { Field } from '../columnar/types';
import { ownField, SOURCE } from './columns';
import type { OpenFile } from './data-file';

/** Never below the table's location, as no delta: the ledger names these files too (PROTOCOL.md, I2). */
export const joinedFolder = (table: string) => `deltas/${table}/joined`;

/** A delta's rows in a file of the log: they stand together, `first` is the ordinal of the first. */
export interface DeltaRows {
  readonly name: string;
  readonly first: number;
  readonly rows: number;
}

/** Whose rows a file of the log holds, in its order. Reads one column. */
export async function deltasIn(file: OpenFile, fields: readonly Field[]): Promise<DeltaRows[]> {
  const source = ownField(fields, SOURCE);
  const found: { name: string; first: number; rows: number }[] = [];
  let row = 0;
  for (let g = 0; g < file.footer.rowGroups.length; g++) {
    const { columns, length } = await file.read(g, [source]);
    for (let i = 0; i < length; i++, row++) {
      const name = String(valueAt(columns[0]!, i));
      const last = found.at(-1);
      if (last?.name === name) last.rows++;
      else found.push({ name, first: row, rows: 1 });
    }
  }
  return found;
}

/** Ordinals [from, to) of a file's rows. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The rows of the spans, those of a row group at a time; row groups without any are not read. */
export async function* rowsWithin(
  file: OpenFile,
  fields: readonly Field[],
  spans: readonly Span[],
): AsyncGenerator<{ readonly batch: Batch; readonly rows: Uint32Array }> {
  let start = 0;
  for (const [g, { rows: length }] of file.footer.rowGroups.entries()) {
    const rows: number[] = [];
    for (const { from, to } of spans) {
      const end = Math.min(to - start, length);
      for (let row = Math.max(from - start, 0); row < end; row++) rows.push(row);
    }
    if (rows.length > 0) yield { batch: await file.read(g, fields), rows: Uint32Array.from(rows) };
    start += length;
  }
}

import { valueAt } from '../columnar/kernels';
import type { Field } from '../columnar/types';
import { ownField, SOURCE } from './columns';
import type { OpenFile } from './data-file';

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

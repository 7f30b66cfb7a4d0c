import { ColumnBuilder } from './builder';
import type { Column, VarColumn } from './column';
import { castRefused } from './errors';
import { parseFault, textReader } from './parse-text';
import type { PrimitiveType } from './types';

/** Told of a text that is no value of the type, by its row. */
export type CastFault = (row: number, reason: string) => void;

/**
 * Texts as values of another type, each read as ingest reads a field of a file. What does not read is NULL, and told
 * of. @throws TM_4102 for a column that is not of strings
 */
export function castText(column: Column, type: PrimitiveType, onFault?: CastFault): Column {
  if (column.type !== 'string') throw castRefused(column.type, type);
  const { data, offsets, valid, length } = column as VarColumn;
  const builder = new ColumnBuilder(type, length);
  const read = textReader(type, { utf8Checked: true });
  for (let row = 0; row < length; row++) {
    if (valid && !valid[row]) {
      builder.appendNull();
      continue;
    }
    const [from, to] = [offsets[row]!, offsets[row + 1]!];
    const why = read(builder, data, from, to);
    if (why === undefined) continue;
    builder.appendNull();
    onFault?.(row, parseFault(type, data, from, to, why).reason);
  }
  return builder.finish();
}

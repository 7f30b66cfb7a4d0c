import type { Column, FixedColumn } from './column';
import { castRefused } from './errors';
import { decimalOf, type PrimitiveType } from './types';

/**
 * True if every value of `from` is a value of `to` and the table format allows the change: the same type,
 * int -> long, float -> double, a decimal of the same scale and no smaller precision.
 * @see https://iceberg.apache.org/spec/#schema-evolution
 */
export function widens(from: PrimitiveType, to: PrimitiveType): boolean {
  if (from === to) return true;
  if (from === 'int') return to === 'long';
  if (from === 'float') return to === 'double';
  const a = decimalOf(from);
  const b = decimalOf(to);
  return a !== undefined && b !== undefined && a.scale === b.scale && a.precision <= b.precision;
}

/** The column in a wider type; the same column if it has the type already. Throws TM_4102 for any other change. */
export function castColumn(column: Column, type: PrimitiveType): Column {
  if (column.type === type) return column;
  if (!widens(column.type, type)) throw castRefused(column.type, type);
  const fixed = column as FixedColumn;
  if (type === 'long') return { ...fixed, type, values: longs(fixed.values as Int32Array) };
  if (type === 'double') return { ...fixed, type, values: Float64Array.from(fixed.values as Float32Array) };
  return { ...fixed, type };
}

/** Sign-extends through 32-bit words: a bigint for each value would be several times slower. */
function longs(values: Int32Array): BigInt64Array {
  const wide = new BigInt64Array(values.length);
  const words = new Int32Array(wide.buffer);
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!;
    words[2 * i] = v;
    words[2 * i + 1] = v >> 31;
  }
  return wide;
}

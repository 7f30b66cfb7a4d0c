import type { Column, VarColumn } from './column';
import { elementsPerValue } from './layout';
import type { Scalar } from './types';

/** True if value `i` is NULL. */
export function isNull(column: Column, i: number): boolean {
  return column.valid !== undefined && column.valid[i] === 0;
}

/** Value `i` as a scalar; a binary value is a view into the column, not a copy. */
export function valueAt(column: Column, i: number): Scalar {
  if (isNull(column, i)) return null;
  if (column.kind === 'var') {
    const bytes = column.data.subarray(column.offsets[i]!, column.offsets[i + 1]!);
    if (column.type === 'binary') return bytes;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  }
  const { values, type } = column;
  if (type === 'boolean') return values[i] === 1;
  if (elementsPerValue(type) === 1) return values[i]!;
  const words = values as BigInt64Array;
  return (words[2 * i + 1]! << 64n) | BigInt.asUintN(64, words[2 * i]!);
}

/** Bytes the column's values take (for a slice: its own part only). */
export function byteSize(column: Column): number {
  const valid = column.valid ? column.length : 0;
  if (column.kind === 'var') return valid + varBytes(column) + 4 * (column.length + 1);
  return valid + column.values.byteLength;
}

/** Bytes of all the column's values together. */
export function varBytes(column: VarColumn): number {
  return column.offsets[column.length]! - column.offsets[0]!;
}

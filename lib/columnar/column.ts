import type { Field, PrimitiveType } from './types';

/**
 * A column in memory: typed arrays, no object per value.
 * `valid` holds one byte a value (1 = present); without it no value is NULL.
 */
export type Column = FixedColumn | VarColumn;

/**
 * Values of a fixed width. boolean: Uint8Array of 0 and 1; int, date: Int32Array; long, timestamp(tz):
 * BigInt64Array; float: Float32Array; double: Float64Array; decimal: BigInt64Array with two words a value,
 * low (unsigned bits) then high.
 */
export interface FixedColumn {
  readonly kind: 'fixed';
  readonly type: PrimitiveType;
  readonly length: number;
  readonly valid?: Uint8Array;
  readonly values: Uint8Array | Int32Array | BigInt64Array | Float32Array | Float64Array;
}

/** string (UTF-8) and binary: value i is data[offsets[i], offsets[i + 1]). offsets has length + 1 entries. */
export interface VarColumn {
  readonly kind: 'var';
  readonly type: 'string' | 'binary';
  readonly length: number;
  readonly valid?: Uint8Array;
  readonly offsets: Int32Array;
  readonly data: Uint8Array;
}

/** Rows in columns: columns[i] belongs to fields[i]; all have `length` values. */
export interface Batch {
  readonly length: number;
  readonly fields: readonly Field[];
  readonly columns: readonly Column[];
}

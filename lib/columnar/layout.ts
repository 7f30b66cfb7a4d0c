import type { FixedColumn } from './column';
import type { PrimitiveType } from './types';

export type VarType = 'string' | 'binary';
export type FixedType = Exclude<PrimitiveType, VarType>;
export type FixedValues = FixedColumn['values'];

/** True for the types whose values have no fixed width. */
export function isVarType(type: PrimitiveType): type is VarType {
  return type === 'string' || type === 'binary';
}

/** Array elements a value: two for a decimal (low, high), one for every other type. */
export function elementsPerValue(type: PrimitiveType): 1 | 2 {
  return type.startsWith('decimal') ? 2 : 1;
}

/** The zeroed array that holds `length` values of a fixed-width type (column.ts has the layout). */
export function allocateValues(type: FixedType, length: number): FixedValues {
  switch (type) {
    case 'boolean':
      return new Uint8Array(length);
    case 'int':
    case 'date':
      return new Int32Array(length);
    case 'long':
    case 'timestamp':
    case 'timestamptz':
      return new BigInt64Array(length);
    case 'float':
      return new Float32Array(length);
    case 'double':
      return new Float64Array(length);
    default:
      return new BigInt64Array(length * 2);
  }
}

/**
 * The same memory as 32-bit words (booleans stay bytes). Copies go through it: a float view may change the
 * bits of a NaN, and one array class for all widths keeps the copy loops fast.
 */
export function wordsOf(values: FixedValues): Uint8Array | Int32Array {
  if (values instanceof Uint8Array || values instanceof Int32Array) return values;
  return new Int32Array(values.buffer, values.byteOffset, values.byteLength >> 2);
}

/** The longest data of one var column: offsets are signed 32-bit. */
export const VAR_DATA_BYTES_MAX = 2 ** 31 - 1;

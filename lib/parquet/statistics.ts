import type { PrimitiveType, Scalar } from '../columnar/types';
import { fromBytes } from '../iceberg/decimal-bytes';
import { lakeTypeOf, type ParquetColumn, readableAs } from './column';

type Value = Exclude<Scalar, null>;

/**
 * A bound of a chunk's statistics (plain encoded: little-endian, decimals in byte arrays big-endian) as a value of
 * the field's type. Undefined if it is unknown by that type: other units or scales, INT96, NaN.
 * `side` says which way an inexact bound (nanoseconds) is rounded, and which zero a float's zero is.
 * @see parquet.thrift, Statistics and ColumnOrder
 */
export function statisticValue(
  column: ParquetColumn,
  type: PrimitiveType,
  bytes: Uint8Array,
  side: 'min' | 'max',
): Value | undefined {
  const stored = lakeTypeOf(column);
  if (stored === undefined || !readableAs(stored, type)) return undefined;
  switch (type) {
    case 'string':
      return text(bytes);
    case 'binary':
      return bytes;
    case 'boolean':
      return bytes.length === 1 ? bytes[0] === 1 : undefined;
    case 'float':
    case 'double':
      return real(column, bytes, side);
    case 'int':
    case 'date': {
      const value = integer(column, bytes);
      return value === undefined || BigInt.asIntN(32, value) !== value ? undefined : Number(value);
    }
    case 'long':
      return integer(column, bytes);
    case 'timestamp':
    case 'timestamptz':
      return micros(column, bytes, side);
    default:
      return decimal(column, bytes);
  }
}

function isBytes(column: ParquetColumn): boolean {
  return column.physical === 'BYTE_ARRAY' || column.physical === 'FIXED_LEN_BYTE_ARRAY';
}

/** A bound that was cut inside a character is no text; as a bound it is not known. */
function text(bytes: Uint8Array): string | undefined {
  const value = Buffer.from(bytes).toString('utf8');
  return Buffer.compare(Buffer.from(value), bytes) === 0 ? value : undefined;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function integer({ physical, logical }: ParquetColumn, bytes: Uint8Array): bigint | undefined {
  const unsigned = logical.kind === 'integer' && !logical.signed;
  const view = viewOf(bytes);
  if (physical === 'INT32' && bytes.length === 4)
    return BigInt(unsigned ? view.getUint32(0, true) : view.getInt32(0, true));
  if (physical !== 'INT64' || bytes.length !== 8) return undefined;
  return unsigned ? view.getBigUint64(0, true) : view.getBigInt64(0, true);
}

/** NaN is no bound, and a zero may stand for either: the spec has readers take the one further out. */
function real({ physical }: ParquetColumn, bytes: Uint8Array, side: 'min' | 'max'): number | undefined {
  const width = physical === 'FLOAT' ? 4 : physical === 'DOUBLE' ? 8 : 0;
  if (width === 0 || bytes.length !== width) return undefined;
  const value = width === 4 ? viewOf(bytes).getFloat32(0, true) : viewOf(bytes).getFloat64(0, true);
  if (Number.isNaN(value)) return undefined;
  return value === 0 ? (side === 'min' ? -0 : 0) : value;
}

function micros(column: ParquetColumn, bytes: Uint8Array, side: 'min' | 'max'): bigint | undefined {
  if (column.logical.kind !== 'timestamp') return undefined;
  const value = integer(column, bytes);
  if (value === undefined) return undefined;
  switch (column.logical.unit) {
    case 'us':
      return value;
    case 'ms':
      return value * 1000n;
    case 'ns': {
      const floor = (value - (((value % 1000n) + 1000n) % 1000n)) / 1000n;
      return side === 'min' || floor * 1000n === value ? floor : floor + 1n;
    }
  }
}

function decimal(column: ParquetColumn, bytes: Uint8Array): bigint | undefined {
  if (!isBytes(column)) return integer(column, bytes);
  return bytes.length > 0 && bytes.length <= 16 ? fromBytes(bytes) : undefined;
}

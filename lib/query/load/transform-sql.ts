import { decimalOf, type PrimitiveType } from '../../columnar/types';
import { checkTransform, parseTransform, type Transform } from '../../iceberg/transform-kind';
import { HASH_BYTES, HASH_INTEGER, hashLongSql } from './murmur-sql';

/**
 * A partition transform in DuckDB's SQL, the same as transformColumn: `x` is SQL of the type. Days come as integers,
 * truncated decimals as their unscaled HUGEINT (they may have a digit more than their type).
 * @throws TM_4003, TM_4004
 */
export function transformSql(transform: Transform, type: PrimitiveType, x: string): string {
  checkTransform(transform, type);
  const { kind, width } = parseTransform(transform);
  switch (kind) {
    case 'identity':
      return x;
    case 'void':
      return 'CAST(NULL AS INTEGER)';
    case 'bucket':
      return `CAST((${hashSql(type, x)} & 2147483647) % ${width} AS INTEGER)`;
    case 'truncate':
      return truncateSql(type, x, width);
    case 'hour':
      return wrapped(floored(`epoch_us(${x})`, '3600000000'));
    case 'day':
      return `CAST(CAST(${local(type, x)} AS DATE) - DATE '1970-01-01' AS INTEGER)`;
    case 'month':
      return `CAST((year(${local(type, x)}) - 1970) * 12 + month(${local(type, x)}) - 1 AS INTEGER)`;
    case 'year':
      return `CAST(year(${local(type, x)}) - 1970 AS INTEGER)`;
  }
}

/**
 * SQL of few bytes, equal for two values exactly where their transforms are, of a type that can name a folder: texts,
 * bytes and floats are hashed, as a file system knows neither long names nor upper and lower case everywhere. Undefined
 * for a transform that is NULL throughout.
 */
export function partitionSql(transform: Transform, type: PrimitiveType, x: string): string | undefined {
  const { kind } = parseTransform(transform);
  const value = transformSql(transform, type, x);
  if (kind === 'void') return undefined;
  if (kind !== 'identity' && kind !== 'truncate') return value;
  switch (type) {
    case 'string':
    case 'binary':
      return `md5_number(${value})`;
    // -0 is another partition than 0, all NaN are one.
    case 'float':
    case 'double':
      return `md5_number(CAST(${value} AS VARCHAR))`;
    case 'timestamp':
    case 'timestamptz':
      return `epoch_us(${value})`;
    case 'date':
      return `CAST(${value} - DATE '1970-01-01' AS INTEGER)`;
    default:
      return value;
  }
}

/** A zone is UTC everywhere here; without ICU's help years and days are found faster. */
function local(type: PrimitiveType, x: string): string {
  return type === 'timestamptz' ? `CAST(${x} AS TIMESTAMP)` : x;
}

function hashSql(type: PrimitiveType, x: string): string {
  if (decimalOf(type)) return `${HASH_INTEGER}(${unscaled(x)})`;
  switch (type) {
    case 'string':
      return `${HASH_BYTES}(encode(${x}))`;
    case 'binary':
      return `${HASH_BYTES}(${x})`;
    case 'date':
      return hashLongSql(`CAST(${x} - DATE '1970-01-01' AS BIGINT)`);
    case 'timestamp':
    case 'timestamptz':
      return hashLongSql(`epoch_us(${x})`);
    default:
      return hashLongSql(`CAST(${x} AS BIGINT)`);
  }
}

function truncateSql(type: PrimitiveType, x: string, width: number): string {
  switch (type) {
    case 'string':
      return `left(${x}, ${width})`;
    case 'binary':
      return `unhex(left(hex(${x}), ${2 * width}))`;
    case 'int':
      return wrapped(cut(`CAST(${x} AS BIGINT)`, width));
    case 'long': {
      const value = cut(`CAST(${x} AS HUGEINT)`, width);
      return `CAST(CASE WHEN ${value} < -9223372036854775808 THEN ${value} + 18446744073709551616 ELSE ${value} END AS BIGINT)`;
    }
    default:
      return cut(unscaled(x), width);
  }
}

/** By way of its digits: a product with a power of ten may leave the 38 that a decimal has. */
function unscaled(x: string): string {
  return `CAST(replace(CAST(${x} AS VARCHAR), '.', '') AS HUGEINT)`;
}

/** Down to a multiple of the width, below zero too. */
function cut(x: string, width: number): string {
  return `(${x} - ((${x}) % ${width} + ${width}) % ${width})`;
}

function floored(x: string, width: string): string {
  return `((${x} - ((${x}) % ${width} + ${width}) % ${width}) // ${width})`;
}

/** The low 32 bits, as Java and our own kernels keep them. */
function wrapped(x: string): string {
  return `CAST((${x} + 2147483648 & 4294967295) - 2147483648 AS INTEGER)`;
}

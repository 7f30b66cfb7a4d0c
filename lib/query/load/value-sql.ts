import { duckdbType } from '../../columnar/type-map';
import { decimalOf, type PrimitiveType, type Scalar } from '../../columnar/types';

/** A value of the type as DuckDB's SQL. Texts go by their bytes: a statement holds no NUL. */
export function valueSql(type: PrimitiveType, value: Exclude<Scalar, null>): string {
  if (typeof value === 'string') return `decode(unhex('${Buffer.from(value).toString('hex')}'))`;
  if (value instanceof Uint8Array) return `unhex('${Buffer.from(value).toString('hex')}')`;
  const decimal = decimalOf(type);
  if (decimal) return `CAST('${pointed(value as bigint, decimal.scale)}' AS ${duckdbType(type)})`;
  switch (type) {
    case 'date':
      return `DATE '1970-01-01' + CAST(${value} AS INTEGER)`;
    case 'timestamp':
      return `make_timestamp(CAST(${value} AS BIGINT))`;
    case 'timestamptz':
      return `make_timestamptz(CAST(${value} AS BIGINT))`;
    default:
      return `CAST('${value}' AS ${duckdbType(type)})`;
  }
}

/** An unscaled integer with its point. */
function pointed(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const whole = digits.length - scale;
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, whole)}.${digits.slice(whole)}`;
}

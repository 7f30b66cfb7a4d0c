/**
 * The lake's own type language: Iceberg's primitive types, by their names in the table spec.
 * @see https://iceberg.apache.org/spec/#primitive-types
 */
export type DecimalType = `decimal(${number},${number})`;
export type PrimitiveType =
  | 'boolean'
  | 'int'
  | 'long'
  | 'float'
  | 'double'
  | 'date'
  | 'timestamp'
  | 'timestamptz'
  | 'string'
  | 'binary'
  | DecimalType;

/** A column of a table: its id never changes, its name may. */
export interface Field {
  readonly id: number;
  readonly name: string;
  readonly type: PrimitiveType;
  readonly required: boolean;
  readonly doc?: string;
}

/**
 * One value. int, date (days since 1970-01-01), float, double: number. long, timestamp(tz) (micros since
 * 1970) and decimal (the unscaled integer): bigint. string: string. binary: Uint8Array. NULL: null.
 */
export type Scalar = boolean | number | bigint | string | Uint8Array | null;

/** Precision and scale of a decimal type; undefined for every other type. */
export function decimalOf(type: PrimitiveType): { precision: number; scale: number } | undefined {
  const m = /^decimal\((\d+), ?(\d+)\)$/.exec(type);
  return m ? { precision: Number(m[1]), scale: Number(m[2]) } : undefined;
}

import { icebergTypeOf } from '../../../columnar/type-map';
import { decimalOf, type PrimitiveType } from '../../../columnar/types';
import { readableAs } from '../../../parquet/column';
import type { DescribedColumn } from '../../../ports/copy-engine';

/** A column as the export describes it. */
export interface ExportedColumn {
  readonly name: string;
  /** The database's word for its type, `bigint unsigned`, `character varying`. */
  readonly originalType: string;
  /** The export's word for what it writes, `int64`, `binary (UTF8)`. */
  readonly exportedType?: string;
  /** Bits of a BIT, digits of a number. */
  readonly precision?: number;
}

/** What is certainly no decimal, date or flag, whatever the text says. */
const TEXT_TYPES: readonly PrimitiveType[] = ['string', 'binary'];

/**
 * What the column means in the lake, and how it is to be read. The files say which values there are (`stored`; of a table
 * without files the description must do), the database's type what they mean: a date is written as text, BIT as bytes.
 * Where the two do not fit, the files are right: nothing is read as what it may not be.
 * @see https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ExportSnapshot.data-types.html
 */
export function exportedColumn(column: ExportedColumn, stored: PrimitiveType | undefined): DescribedColumn {
  const { name, originalType } = column;
  const found = stored ?? storedTypeOf(column.exportedType ?? '');
  const wanted = icebergTypeOf(originalType);
  const bits = bitsOf(column);
  if (bits !== undefined && (found ?? 'binary') === 'binary')
    return { name, type: bitType(bits), stored: 'bits' };
  if (found === undefined) return { name, type: wanted ?? 'string' };
  if (wanted === undefined || bits !== undefined) return { name, type: found };
  // Only MySQL's DATETIME and TIMESTAMP are written as instants, both in UTC.
  if (readableAs(found, wanted) && wanted !== 'binary') return { name, type: wanted };
  if (found === 'binary' && wanted === 'string') return { name, type: 'string', stored: 'utf8' };
  if (found === 'string' && isSpelled(column, wanted)) return { name, type: wanted, stored: 'text' };
  return { name, type: found };
}

/**
 * True where text is the spelling of such values. A NUMERIC of PostgreSQL without its digits holds any number of them:
 * as decimal(10,0), which it means elsewhere, it would be rounded.
 */
function isSpelled({ originalType }: ExportedColumn, wanted: PrimitiveType): boolean {
  if (TEXT_TYPES.includes(wanted)) return false;
  return decimalOf(wanted) === undefined || /\(|bigint/i.test(originalType);
}

/** Bits of a BIT column; undefined for all others. */
function bitsOf({ originalType, precision }: ExportedColumn): number | undefined {
  const match = /^bit *(?:\( *(\d+) *\))?$/i.exec(originalType.trim());
  if (!match) return undefined;
  if (match[1] !== undefined) return Number(match[1]);
  return precision !== undefined && precision > 0 ? precision : 1;
}

/** 64 bits are more than a long holds. */
function bitType(bits: number): PrimitiveType {
  if (bits === 1) return 'boolean';
  return bits < 64 ? 'long' : 'decimal(20,0)';
}

const STORED: readonly (readonly [RegExp, PrimitiveType])[] = [
  [/utf-?8|string/i, 'string'],
  [/timestamp/i, 'timestamp'],
  [/int96/i, 'timestamp'],
  [/int64/i, 'long'],
  [/int32/i, 'int'],
  [/double/i, 'double'],
  [/float/i, 'float'],
  [/boolean/i, 'boolean'],
  [/binary|byte_array/i, 'binary'],
];

/** The lake's type of what the export says it writes; undefined where that says nothing. */
function storedTypeOf(exportedType: string): PrimitiveType | undefined {
  const decimal = /decimal *\( *(\d+) *, *(\d+) *\)/i.exec(exportedType);
  if (decimal) return `decimal(${Number(decimal[1])},${Number(decimal[2])})`;
  return STORED.find(([form]) => form.test(exportedType))?.[1];
}

import { widens } from '../columnar/kernels';
import type { Field, PrimitiveType } from '../columnar/types';
import { parquetCorrupt, parquetUnsupported } from './errors';
import { ELEMENT } from './ids';
import type { ThriftStruct } from './thrift';
import { countOf, fieldValue, integerOf, structOf, textOf } from './thrift-fields';

export type PhysicalType =
  | 'BOOLEAN'
  | 'INT32'
  | 'INT64'
  | 'INT96'
  | 'FLOAT'
  | 'DOUBLE'
  | 'BYTE_ARRAY'
  | 'FIXED_LEN_BYTE_ARRAY';

const PHYSICAL: readonly PhysicalType[] = [
  'BOOLEAN',
  'INT32',
  'INT64',
  'INT96',
  'FLOAT',
  'DOUBLE',
  'BYTE_ARRAY',
  'FIXED_LEN_BYTE_ARRAY',
];

/** What the physical values mean, as far as statistics and types need it. */
export type LogicalType =
  | { readonly kind: 'plain' }
  | { readonly kind: 'string' }
  | { readonly kind: 'date' }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'integer'; readonly bits: number; readonly signed: boolean }
  | { readonly kind: 'timestamp'; readonly unit: 'ms' | 'us' | 'ns'; readonly utc: boolean }
  | { readonly kind: 'other' };

/** A column of a file. `fieldId` is missing in files written without ids. */
export interface ParquetColumn {
  readonly fieldId?: number;
  readonly name: string;
  readonly physical: PhysicalType;
  readonly logical: LogicalType;
  readonly optional: boolean;
}

/** The columns of a schema: a root and its leaves. Throws TM_4202 if a column is nested, TM_4201 if it is damaged. */
export function readColumns(elements: readonly ThriftStruct[]): ParquetColumn[] {
  const [root, ...leaves] = elements;
  if (!root) throw parquetCorrupt('no schema');
  for (const e of leaves) {
    const nested = (integerOf(e, ELEMENT.children) ?? 0) > 0 || integerOf(e, ELEMENT.repetition) === 2;
    if (nested) throw parquetUnsupported('a nested column', `column ${textOf(e, ELEMENT.name)}`);
  }
  const children = countOf(root, ELEMENT.children, 'the number of columns');
  if (children !== leaves.length)
    throw parquetCorrupt(`${leaves.length} columns where the root has ${children}`);
  return leaves.map(readColumn);
}

function readColumn(element: ThriftStruct): ParquetColumn {
  const name = textOf(element, ELEMENT.name);
  if (name === undefined) throw parquetCorrupt('a column without a name');
  const physical = PHYSICAL[countOf(element, ELEMENT.type, `the type of column ${name}`)];
  if (!physical) throw parquetCorrupt('an unknown physical type', `column ${name}`);
  const optional = integerOf(element, ELEMENT.repetition) !== 0;
  return {
    fieldId: integerOf(element, ELEMENT.fieldId),
    name,
    physical,
    logical: readLogical(element),
    optional,
  };
}

function readLogical(element: ThriftStruct): LogicalType {
  const union = structOf(element, ELEMENT.logical);
  const member = union?.fields[0];
  if (!union || !member) return readConverted(element);
  const inner = structOf(union, member.id) ?? { fields: [] };
  switch (member.id) {
    case 1:
    case 4:
    case 12:
      return { kind: 'string' };
    case 5:
      return { kind: 'decimal', scale: integerOf(inner, 1) ?? 0, precision: integerOf(inner, 2) ?? 0 };
    case 6:
      return { kind: 'date' };
    case 8: {
      const unit = structOf(inner, 2)?.fields[0]?.id;
      return {
        kind: 'timestamp',
        unit: unit === 1 ? 'ms' : unit === 2 ? 'us' : 'ns',
        utc: fieldValue(inner, 1) === true,
      };
    }
    case 10:
      return {
        kind: 'integer',
        bits: countOf(inner, 1, 'the bit width'),
        signed: fieldValue(inner, 2) === true,
      };
    default:
      return { kind: 'other' };
  }
}

/** The older way to say it (parquet.thrift, ConvertedType). Its timestamps are in UTC. */
function readConverted(element: ThriftStruct): LogicalType {
  const converted = integerOf(element, ELEMENT.converted);
  if (converted === undefined) return { kind: 'plain' };
  // 11 to 14: unsigned, 15 to 18: signed, of 8, 16, 32 and 64 bits.
  if (converted >= 11 && converted <= 18) {
    return { kind: 'integer', bits: 8 << ((converted - 11) % 4), signed: converted >= 15 };
  }
  switch (converted) {
    case 0:
    case 4:
    case 19:
      return { kind: 'string' };
    case 5: {
      const scale = integerOf(element, ELEMENT.scale) ?? 0;
      return { kind: 'decimal', scale, precision: integerOf(element, ELEMENT.precision) ?? 0 };
    }
    case 6:
      return { kind: 'date' };
    case 9:
      return { kind: 'timestamp', unit: 'ms', utc: true };
    case 10:
      return { kind: 'timestamp', unit: 'us', utc: true };
    default:
      return { kind: 'other' };
  }
}

/** The lake type that holds the column's values exactly; undefined if there is none. */
export function lakeTypeOf({ physical, logical }: ParquetColumn): PrimitiveType | undefined {
  switch (logical.kind) {
    case 'string':
    case 'date':
      return logical.kind;
    case 'decimal':
      return `decimal(${logical.precision},${logical.scale})`;
    case 'timestamp':
      return logical.utc ? 'timestamptz' : 'timestamp';
    case 'integer':
      if (logical.signed) return logical.bits === 64 ? 'long' : 'int';
      return logical.bits === 64 ? 'decimal(20,0)' : logical.bits === 32 ? 'long' : 'int';
    case 'other':
      return undefined;
  }
  return PLAIN[physical];
}

const PLAIN: Record<PhysicalType, PrimitiveType> = {
  BOOLEAN: 'boolean',
  INT32: 'int',
  INT64: 'long',
  // Impala's and old Spark's timestamp, in nanoseconds.
  INT96: 'timestamp',
  FLOAT: 'float',
  DOUBLE: 'double',
  BYTE_ARRAY: 'binary',
  FIXED_LEN_BYTE_ARRAY: 'binary',
};

/**
 * True if values stored as one type are values of the other. Beyond the widenings: all timestamps are micros in UTC,
 * so other writers' flag for it (DMS sets it for MySQL's DATETIME) makes no other value; text is bytes.
 */
export function readableAs(stored: PrimitiveType, type: PrimitiveType): boolean {
  if (isTimestamp(stored)) return isTimestamp(type);
  return widens(stored, type) || (stored === 'string' && type === 'binary');
}

function isTimestamp(type: PrimitiveType): boolean {
  return type === 'timestamp' || type === 'timestamptz';
}

/**
 * Where the field stands among a file's columns: by id, and by name only if no column of the file has an id.
 * @see https://iceberg.apache.org/spec/#column-projection
 */
export function columnIndex(columns: readonly ParquetColumn[], field: Field): number | undefined {
  const byId = columns.some(c => c.fieldId !== undefined);
  const at = columns.findIndex(c => (byId ? c.fieldId === field.id : c.name === field.name));
  return at < 0 ? undefined : at;
}

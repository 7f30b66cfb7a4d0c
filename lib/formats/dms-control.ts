import { icebergTypeOf } from '../columnar/type-map';
import type { PrimitiveType } from '../columnar/types';
import type { Span } from './json-changes';
import { textOf } from './record-members';
import type { ControlColumn, ControlNote } from './stream-message';

/** Of what is not understood as columns, the first so many characters are kept. */
const DETAIL_CHARS_MAX = 4000;

type Json = Readonly<Record<string, unknown>>;

/**
 * What the `control` of a DMS record says of columns. That of create-table is documented (`table-def`, columns by name);
 * of the others only their operations are, so whatever they hold is kept as it stands beside what is found.
 * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.Kinesis.html
 */
export function dmsControl(
  bytes: Uint8Array,
  span: Span | undefined,
): Pick<ControlNote, 'columns' | 'detail'> {
  if (!span) return {};
  const text = textOf(bytes, span);
  const control = JSON.parse(text) as Json;
  const within = ['table-def', 'column-def'].flatMap(name =>
    isObject(control[name]) ? [control[name]] : [],
  );
  const places = [...within, control];
  const columns = places.flatMap(({ columns: all, column }) => [...columnsIn(all), ...columnsIn(column)]);
  const documented = Object.keys(control).every(name => name === 'table-def') && columns.length > 0;
  return {
    ...(columns.length > 0 ? { columns } : {}),
    ...(documented || text === '{}' ? {} : { detail: text.slice(0, DETAIL_CHARS_MAX) }),
  };
}

/** Columns by name, a list of columns, one of them, or a name alone. */
function columnsIn(said: unknown): ControlColumn[] {
  if (typeof said === 'string') return [{ name: said }];
  if (Array.isArray(said)) return said.flatMap(columnsIn);
  if (!isObject(said)) return [];
  const name = textIn(said, 'name', 'column-name', 'new-name');
  if (name !== undefined) return [columnOf(name, said)];
  return Object.entries(said).map(([key, value]) => columnOf(key, isObject(value) ? value : {}));
}

function columnOf(name: string, said: Json): ControlColumn {
  const was = textIn(said, 'old-name', 'was');
  const type = typeIn(said);
  return {
    name,
    ...(was === undefined ? {} : { was }),
    ...(type === undefined ? {} : { type }),
    ...(typeof said.nullable === 'boolean' ? { nullable: said.nullable } : {}),
  };
}

/** With its precision and scale, where they stand beside it. */
function typeIn(said: Json): string | undefined {
  const type = textIn(said, 'type', 'data-type');
  const { precision, scale } = said;
  if (type?.toUpperCase() !== 'NUMERIC' || typeof precision !== 'number') return type;
  return `${type}(${precision},${typeof scale === 'number' ? scale : 0})`;
}

/** DMS's own names of types, as far as a column of JSON holds them exactly. INT8 has 8 bytes, INT32 32 bits. */
const DMS_TYPES: Readonly<Record<string, PrimitiveType>> = {
  int1: 'int',
  int2: 'int',
  int4: 'int',
  int8: 'long',
  int16: 'int',
  int32: 'int',
  int64: 'long',
  uint1: 'int',
  uint2: 'int',
  uint4: 'long',
  uint8: 'decimal(20,0)',
  uint16: 'int',
  uint32: 'long',
  uint64: 'decimal(20,0)',
  real4: 'float',
  real8: 'double',
  boolean: 'boolean',
  date: 'date',
  datetime: 'timestamp',
  time: 'string',
  string: 'string',
  wstring: 'string',
  clob: 'string',
  nclob: 'string',
};

/** The lake type of a type as DMS calls it, or as its source does; undefined where none holds its values for certain. */
export function dmsTypeOf(type: string): PrimitiveType | undefined {
  const own = DMS_TYPES[type.toLowerCase().replace(/\s*\(\d+\)$/, '')];
  if (own) return own;
  const known = icebergTypeOf(type);
  // How DMS writes their bytes is a setting of its endpoint.
  return known === 'binary' ? undefined : known;
}

function textIn(said: Json, ...names: readonly string[]): string | undefined {
  return names.map(name => said[name]).find(value => typeof value === 'string');
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

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
  const type = textIn(said, 'type', 'data-type');
  return {
    name,
    ...(was === undefined ? {} : { was }),
    ...(type === undefined ? {} : { type }),
    ...(typeof said.nullable === 'boolean' ? { nullable: said.nullable } : {}),
  };
}

function textIn(said: Json, ...names: readonly string[]): string | undefined {
  return names.map(name => said[name]).find(value => typeof value === 'string');
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

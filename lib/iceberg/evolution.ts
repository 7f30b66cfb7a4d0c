/** Changes of schema and properties: metadata to metadata. @see https://iceberg.apache.org/spec/#schema-evolution */
import { decimalOf, type Field, type PrimitiveType } from '../columnar/types';
import { evolutionRefused } from './errors';
import { schemaJsonById, type TableMetadata } from './metadata';
import type { PartitionSpec } from './partition';
import {
  checkSchema,
  type FieldJson,
  knownFields,
  type SchemaJson,
  schemaFromJson,
  schemaToJson,
} from './schema';

export { withMetadataLog, withSnapshot } from './commit';
export { expireSnapshots, snapshotsToThin } from './expiry';

/**
 * The table with new columns, their ids given. They come last, but before the first column in `before`; those
 * the current schema has already, just so, are left alone, and with none to add the metadata comes back as it is.
 * Throws TM_4023 for a required column or an id that another column has or had, TM_4008 for a name that is taken.
 */
export function addColumns(
  md: TableMetadata,
  fields: readonly Field[],
  { before = [], now }: { readonly before?: readonly number[]; readonly now: number },
): TableMetadata {
  const current = schemaJsonById(md, md['current-schema-id']);
  const present = schemaFromJson(current).fields;
  const missing = fields.filter(f => !present.some(p => sameColumn(p, f)));
  if (missing.length === 0) return md;
  for (const f of missing) checkAddition(md, f);
  const added = schemaToJson({ 'schema-id': 0, fields: missing, identifierFieldIds: [] }).fields;
  const at = current.fields.findIndex(f => before.includes(f.id));
  const end = at === -1 ? current.fields.length : at;
  const all = [...current.fields.slice(0, end), ...added, ...current.fields.slice(end)];
  return withSchema(md, { ...current, fields: all }, now);
}

function sameColumn(a: Field, b: Field): boolean {
  return a.id === b.id && a.name === b.name && a.type === b.type;
}

function checkAddition(md: TableMetadata, field: Field): void {
  if (field.required) throw evolutionRefused('an added column must be optional', field.name);
  for (const schema of md.schemas) {
    const namesake = schema.fields.find(f => f.id === field.id);
    if (!namesake) continue;
    const [before] = knownFields({ type: 'struct', fields: [namesake] });
    if (!before || !sameColumn(before, field)) {
      throw evolutionRefused(
        `id ${field.id} is column ${namesake.name}, ${String(namesake.type)}, already`,
        field.name,
      );
    }
  }
}

/**
 * The table with a column of a wider type: int -> long, float -> double, a decimal of higher precision and the
 * same scale. The metadata comes back as it is if the column has the type already. Throws TM_4023 otherwise.
 */
export function widenColumn(md: TableMetadata, id: number, type: PrimitiveType, now: number): TableMetadata {
  const current = schemaJsonById(md, md['current-schema-id']);
  const field = schemaFromJson(current).fields.find(f => f.id === id);
  if (!field) throw evolutionRefused('there is no such column', `column ${id}`);
  if (field.type === type) return md;
  if (!widens(field.type, type))
    throw evolutionRefused(`${field.type} does not widen to ${type}`, field.name);
  const [wide] = schemaToJson({
    'schema-id': 0,
    fields: [{ ...field, type }],
    identifierFieldIds: [],
  }).fields;
  const fields = current.fields.map(f => (f.id === id ? { ...f, type: wide!.type } : f));
  return withSchema(md, { ...current, fields }, now);
}

/**
 * The table with columns under other names, by their ids, which stay, and so do the files. The metadata comes back as it
 * is if they have the names already. Throws TM_4023 where there is no such column, TM_4008 for a name that is taken.
 */
export function renameColumns(
  md: TableMetadata,
  names: ReadonlyMap<number, string>,
  now: number,
): TableMetadata {
  const current = schemaJsonById(md, md['current-schema-id']);
  for (const id of names.keys())
    if (!current.fields.some(f => f.id === id))
      throw evolutionRefused('there is no such column', `column ${id}`);
  if (current.fields.every(f => (names.get(f.id) ?? f.name) === f.name)) return md;
  const fields = current.fields.map(f => ({ ...f, name: names.get(f.id) ?? f.name }));
  return withSchema(md, { ...current, fields }, now);
}

/**
 * The table with another column in the place of one: as key and in the sort order too. `keep` is what becomes of the
 * old one, which then stands before the first column in `before`; without it the column goes. Throws TM_4023 where there
 * is no such column, the new id was another's, or the table is partitioned by the column.
 */
export function replaceColumn(
  md: TableMetadata,
  id: number,
  by: Field,
  {
    keep,
    before = [],
    now,
  }: { readonly keep?: Field; readonly before?: readonly number[]; readonly now: number },
): TableMetadata {
  const current = schemaJsonById(md, md['current-schema-id']);
  if (!current.fields.some(f => f.id === id))
    throw evolutionRefused('there is no such column', `column ${id}`);
  const spec = md['partition-specs'].find(s => s['spec-id'] === md['default-spec-id']);
  if (spec?.fields.some(f => f['source-id'] === id))
    throw evolutionRefused('the table is partitioned by it', by.name);
  checkAddition(md, { ...by, required: false });
  const jsonOf = (field: Field) =>
    schemaToJson({ 'schema-id': 0, fields: [field], identifierFieldIds: [] }).fields[0]!;
  const fields = current.fields.map(f => (f.id === id ? jsonOf(by) : f));
  const at = fields.findIndex(f => before.includes(f.id));
  if (keep) fields.splice(at === -1 ? fields.length : at, 0, jsonOf(keep));
  const keyIds = current['identifier-field-ids'] ?? [];
  const evolved = withSchema(
    md,
    { ...current, fields, 'identifier-field-ids': keyIds.map(k => (k === id ? by.id : k)) },
    now,
  );
  return withSortedBy(evolved, id, by.id);
}

function withSortedBy(md: TableMetadata, id: number, by: number): TableMetadata {
  const order = md['sort-orders'].find(o => o['order-id'] === md['default-sort-order-id']);
  if (!order?.fields.some(f => f['source-id'] === id)) return md;
  const orderId = Math.max(...md['sort-orders'].map(o => o['order-id'])) + 1;
  const fields = order.fields.map(f => (f['source-id'] === id ? { ...f, 'source-id': by } : f));
  return {
    ...md,
    'default-sort-order-id': orderId,
    'sort-orders': [...md['sort-orders'], { 'order-id': orderId, fields }],
  };
}

/**
 * The table with a key, where it has none: its columns are required from then on, and its rows sorted by it; partitioned
 * where it is not, by fields whose ids are new. Whoever commits it replaces every file.
 */
export function keyed(
  md: TableMetadata,
  { key, spec }: { readonly key: readonly number[]; readonly spec?: PartitionSpec },
  now: number,
): TableMetadata {
  const current = schemaJsonById(md, md['current-schema-id']);
  const fields = current.fields.map(f => (key.includes(f.id) ? { ...f, required: true } : f));
  const evolved = withSchema(md, { ...current, fields, 'identifier-field-ids': [...key] }, now);
  const orderId = Math.max(...md['sort-orders'].map(o => o['order-id'])) + 1;
  const order = { 'order-id': orderId, fields: key.map(ascending) };
  return {
    ...evolved,
    'default-sort-order-id': orderId,
    'sort-orders': [...md['sort-orders'], order],
    ...(spec
      ? {
          'default-spec-id': spec['spec-id'],
          'partition-specs': [...md['partition-specs'], spec],
          'last-partition-id': Math.max(md['last-partition-id'], ...spec.fields.map(f => f['field-id'])),
        }
      : {}),
  };
}

/** A column of a sort order, as rows of the lake are sorted. */
export const ascending = (id: number) => ({
  transform: 'identity' as const,
  'source-id': id,
  direction: 'asc' as const,
  'null-order': 'nulls-first' as const,
});

function widens(from: PrimitiveType, to: PrimitiveType): boolean {
  if (from === 'int') return to === 'long';
  if (from === 'float') return to === 'double';
  const a = decimalOf(from);
  const b = decimalOf(to);
  return (
    a !== undefined &&
    b !== undefined &&
    a.scale === b.scale &&
    a.precision < b.precision &&
    b.precision <= 38
  );
}

/** Makes a schema the current one: an equal one the table has had comes back under its id, else a new id is taken. */
function withSchema(md: TableMetadata, schema: SchemaJson, now: number): TableMetadata {
  checkSchema(schemaFromJson(schema));
  const twin = md.schemas.find(s => shapeOf(s) === shapeOf(schema));
  const id = twin ? (twin['schema-id'] ?? 0) : Math.max(...md.schemas.map(s => s['schema-id'] ?? 0)) + 1;
  return {
    ...md,
    'current-schema-id': id,
    schemas: twin ? md.schemas : [...md.schemas, { ...schema, 'schema-id': id }],
    'last-column-id': Math.max(md['last-column-id'], ...schema.fields.map(f => f.id)),
    'last-updated-ms': Math.max(now, md['last-updated-ms'] + 1),
  };
}

function shapeOf(schema: SchemaJson): string {
  const fields = schema.fields.map((f: FieldJson) => [
    f.id,
    f.name,
    f.required,
    String(f.type).replace(/\s/g, ''),
    f.doc,
  ]);
  return JSON.stringify([fields, schema['identifier-field-ids'] ?? []]);
}

/** The table with properties set and removed; the metadata comes back as it is if that changes nothing. */
export function setProperties(
  md: TableMetadata,
  set: Readonly<Record<string, string>>,
  remove: readonly string[],
  now: number,
): TableMetadata {
  const isSame =
    Object.entries(set).every(([k, v]) => md.properties[k] === v) && !remove.some(k => k in md.properties);
  if (isSame) return md;
  const properties = { ...md.properties, ...set };
  for (const key of remove) delete properties[key];
  return { ...md, properties, 'last-updated-ms': Math.max(now, md['last-updated-ms'] + 1) };
}

/** Table metadata, version 2. @see https://iceberg.apache.org/spec/#table-metadata */
import type { Field } from '../columnar/types';
import { metadataDangling } from './errors';
import { PARTITION_FIELD_ID_FIRST, type PartitionSpec, partitionTypes } from './partition';
import {
  checkSchema,
  knownFields,
  type Schema,
  type SchemaJson,
  schemaFromJson,
  schemaToJson,
} from './schema';

export { formatMetadata, parseMetadata } from './metadata-json';

/** One version of a table. summary.operation: append, overwrite, delete or replace. */
export interface Snapshot {
  readonly 'snapshot-id': bigint;
  readonly 'parent-snapshot-id'?: bigint;
  readonly 'sequence-number': number;
  readonly 'timestamp-ms': number;
  readonly 'manifest-list': string;
  readonly summary: Readonly<Record<string, string>>;
  readonly 'schema-id'?: number;
}

/** A branch or tag; its retention settings survive. */
export interface SnapshotRef {
  readonly 'snapshot-id': bigint;
  readonly type: string;
  readonly [key: string]: unknown;
}

export interface SortOrder {
  readonly 'order-id': number;
  readonly fields: readonly {
    readonly transform: string;
    readonly 'source-id': number;
    readonly direction: 'asc' | 'desc';
    readonly 'null-order': 'nulls-first' | 'nulls-last';
  }[];
}

/** The metadata JSON, key by key; keys that are not named here survive. current-snapshot-id is -1n without one. */
export interface TableMetadata {
  readonly 'format-version': number;
  readonly 'table-uuid': string;
  readonly location: string;
  readonly 'last-sequence-number': number;
  readonly 'last-updated-ms': number;
  readonly 'last-column-id': number;
  readonly 'current-schema-id': number;
  readonly schemas: readonly SchemaJson[];
  readonly 'default-spec-id': number;
  readonly 'partition-specs': readonly PartitionSpec[];
  readonly 'last-partition-id': number;
  readonly 'default-sort-order-id': number;
  readonly 'sort-orders': readonly SortOrder[];
  readonly properties: Readonly<Record<string, string>>;
  readonly 'current-snapshot-id': bigint;
  readonly refs: Readonly<Record<string, SnapshotRef>>;
  readonly snapshots: readonly Snapshot[];
  readonly 'snapshot-log': readonly { readonly 'timestamp-ms': number; readonly 'snapshot-id': bigint }[];
  readonly 'metadata-log': readonly { readonly 'timestamp-ms': number; readonly 'metadata-file': string }[];
  readonly [key: string]: unknown;
}

export const NO_SNAPSHOT = -1n;

/**
 * A table without snapshots. Field ids are taken as they are: the log and the current table share theirs.
 * @param now milliseconds since 1970
 * Throws TM_4008 for a schema that engines refuse, TM_4004 or TM_4006 for a spec that does not fit it.
 */
export function newMetadata(table: {
  readonly uuid: string;
  readonly location: string;
  readonly schema: Schema;
  readonly spec: PartitionSpec;
  readonly sortOrder?: SortOrder;
  readonly properties: Readonly<Record<string, string>>;
  readonly now: number;
}): TableMetadata {
  const { schema, spec } = table;
  checkSchema(schema);
  partitionTypes(spec, schema.fields);
  const unsorted: SortOrder = { 'order-id': 0, fields: [] };
  const order = table.sortOrder ?? unsorted;
  return {
    'format-version': 2,
    'table-uuid': table.uuid,
    location: table.location,
    'last-sequence-number': 0,
    'last-updated-ms': table.now,
    'last-column-id': Math.max(0, ...schema.fields.map(f => f.id)),
    'current-schema-id': schema['schema-id'],
    schemas: [schemaToJson(schema)],
    'default-spec-id': spec['spec-id'],
    'partition-specs': [spec],
    'last-partition-id': Math.max(PARTITION_FIELD_ID_FIRST - 1, ...spec.fields.map(f => f['field-id'])),
    'default-sort-order-id': order['order-id'],
    'sort-orders': order['order-id'] === 0 ? [order] : [unsorted, order],
    properties: table.properties,
    'current-snapshot-id': NO_SNAPSHOT,
    refs: {},
    snapshots: [],
    statistics: [],
    'partition-statistics': [],
    'snapshot-log': [],
    'metadata-log': [],
  };
}

/** Throws TM_4001 when the schema has a type the lake does not have. */
export function currentSchema(md: TableMetadata): Schema {
  return schemaById(md, md['current-schema-id']);
}

/** Throws TM_4022 when there is none of the id, TM_4001 as currentSchema. */
export function schemaById(md: TableMetadata, id: number): Schema {
  return schemaFromJson(schemaJsonById(md, id));
}

/** The schema as it stands in metadata. Throws TM_4022. */
export function schemaJsonById(md: TableMetadata, id: number): SchemaJson {
  const json = md.schemas.find(s => (s['schema-id'] ?? 0) === id);
  if (!json) throw metadataDangling(`schema ${id}`, md.location);
  return json;
}

/**
 * Every column the table ever had, as its newest schema has it: for reading manifests of any age. Columns of
 * types the lake does not have are left out.
 */
export function allFields(md: TableMetadata): Field[] {
  const fields = new Map<number, Field>();
  const byAge = [...md.schemas].sort((a, b) => (b['schema-id'] ?? 0) - (a['schema-id'] ?? 0));
  for (const json of [schemaJsonById(md, md['current-schema-id']), ...byAge]) {
    for (const f of knownFields(json)) if (!fields.has(f.id)) fields.set(f.id, f);
  }
  return [...fields.values()];
}

export function defaultSpec(md: TableMetadata): PartitionSpec {
  return specById(md, md['default-spec-id']);
}

/** Throws TM_4022 when there is none of the id. */
export function specById(md: TableMetadata, id: number): PartitionSpec {
  const spec = md['partition-specs'].find(s => s['spec-id'] === id);
  if (!spec) throw metadataDangling(`partition spec ${id}`, md.location);
  return spec;
}

export function currentSnapshot(md: TableMetadata): Snapshot | undefined {
  return snapshotById(md, md['current-snapshot-id']);
}

export function snapshotById(md: TableMetadata, id: bigint): Snapshot | undefined {
  return md.snapshots.find(s => s['snapshot-id'] === id);
}

/** The snapshot `from` (default: the current one) and its parents, newest first, until a parent is not retained. */
export function* ancestors(md: TableMetadata, from: bigint = md['current-snapshot-id']): Generator<Snapshot> {
  const given = new Set<Snapshot>();
  let at = md.snapshots.length;
  for (let id: bigint | undefined = from; id !== undefined; ) {
    // Parents stand before their children unless another writer ordered them otherwise.
    const before = findLast(md.snapshots, at, id);
    at = before >= 0 ? before : md.snapshots.findIndex(s => s['snapshot-id'] === id);
    const snapshot = md.snapshots[at];
    // Each is given once: metadata whose parents went in a circle would never end.
    if (!snapshot || given.has(snapshot)) return;
    given.add(snapshot);
    yield snapshot;
    id = snapshot['parent-snapshot-id'];
  }
}

function findLast(snapshots: readonly Snapshot[], before: number, id: bigint): number {
  let i = before - 1;
  while (i >= 0 && snapshots[i]!['snapshot-id'] !== id) i--;
  return i;
}

/**
 * True if the walk of `ancestors` ends at the table's first snapshot, or there is none at all; false if at an expired
 * one. Without a parent alone none is the first: PyIceberg takes the parent from the children of what it expires.
 */
export function rootReached(md: TableMetadata, from: bigint = md['current-snapshot-id']): boolean {
  if (from === NO_SNAPSHOT) return true;
  let last: Snapshot | undefined;
  for (const snapshot of ancestors(md, from)) last = snapshot;
  return last !== undefined && last['parent-snapshot-id'] === undefined && last['sequence-number'] <= 1;
}

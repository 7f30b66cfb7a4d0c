/** Metadata files: bytes to TableMetadata and back, snapshot ids exact. */
import { formatVersionUnsupported, metadataUnreadable } from './errors';
import { formatExact, parseExact } from './json';
import type { Snapshot, SnapshotRef, TableMetadata } from './metadata';

const NONE = -1n;

/** Keys without which no engine reads a version 2 table, and the JSON type of each. */
const REQUIRED: Readonly<Record<string, 'string' | 'number' | 'array'>> = {
  'table-uuid': 'string',
  location: 'string',
  'last-sequence-number': 'number',
  'last-updated-ms': 'number',
  'last-column-id': 'number',
  'current-schema-id': 'number',
  schemas: 'array',
  'default-spec-id': 'number',
  'partition-specs': 'array',
};

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads a metadata file (already gunzipped) of any writer; `where` is for errors. What writers may leave out
 * is filled in: refs.main from the current snapshot, empty logs, the unsorted order.
 * Throws TM_4020 if it is no table metadata, TM_4021 if the format version is not 2.
 */
export function parseMetadata(bytes: Uint8Array, where = 'metadata'): TableMetadata {
  const json = parseObject(bytes, where);
  if (json['format-version'] !== 2) throw formatVersionUnsupported(json['format-version'], where);
  for (const [key, type] of Object.entries(REQUIRED)) {
    const value = json[key];
    if (type === 'array' ? !Array.isArray(value) : typeof value !== type) {
      throw metadataUnreadable(`${key} is missing or no ${type}`, where);
    }
  }
  const current = snapshotId(json['current-snapshot-id']) ?? NONE;
  const md = {
    'last-partition-id': 999,
    'default-sort-order-id': 0,
    'sort-orders': [{ 'order-id': 0, fields: [] }],
    ...json,
    properties: json.properties ?? {},
    'current-snapshot-id': current,
    refs: refsOf(json.refs, current),
    snapshots: listOf(json.snapshots).map(snapshotOf),
    'snapshot-log': withIds(json['snapshot-log']),
    'metadata-log': json['metadata-log'] ?? [],
    ...(json.statistics ? { statistics: withIds(json.statistics) } : {}),
    ...(json['partition-statistics']
      ? { 'partition-statistics': withIds(json['partition-statistics']) }
      : {}),
  } as unknown as TableMetadata;
  if (current !== NONE && !md.snapshots.some(s => s['snapshot-id'] === current)) {
    throw metadataUnreadable(`current snapshot ${current} is not among the snapshots`, where);
  }
  return md;
}

/** The bytes of a metadata file. */
export function formatMetadata(md: TableMetadata): Uint8Array {
  return new TextEncoder().encode(formatExact(md));
}

function parseObject(bytes: Uint8Array, where: string): Json {
  let json: unknown;
  try {
    json = parseExact(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw metadataUnreadable('no JSON', where, cause);
  }
  if (typeof json !== 'object' || json === null) throw metadataUnreadable('no JSON object', where);
  return json as Json;
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}

/** An id of any size; undefined for null, nothing and the -1 that stands for none. */
function snapshotId(value: unknown): bigint | undefined {
  if (typeof value !== 'bigint' && typeof value !== 'number') return undefined;
  const id = BigInt(value);
  return id === NONE ? undefined : id;
}

function withIds(value: unknown): Json[] {
  return listOf(value).map(item => ({ ...item, 'snapshot-id': snapshotId(item['snapshot-id']) ?? NONE }));
}

function snapshotOf(json: Json): Snapshot {
  const { 'parent-snapshot-id': parent, ...rest } = json;
  const parentId = snapshotId(parent);
  return {
    'sequence-number': 0,
    ...rest,
    'snapshot-id': snapshotId(json['snapshot-id']) ?? NONE,
    ...(parentId === undefined ? {} : { 'parent-snapshot-id': parentId }),
    summary: json.summary ?? {},
  } as unknown as Snapshot;
}

function refsOf(value: unknown, current: bigint): Record<string, SnapshotRef> {
  const refs: Record<string, SnapshotRef> = {};
  for (const [name, ref] of Object.entries((value ?? {}) as Record<string, Json>)) {
    refs[name] = { ...ref, 'snapshot-id': snapshotId(ref['snapshot-id']) ?? NONE } as SnapshotRef;
  }
  if (!refs.main && current !== NONE) refs.main = { 'snapshot-id': current, type: 'branch' };
  return refs;
}

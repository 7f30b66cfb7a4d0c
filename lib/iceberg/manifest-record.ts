/** Manifest entries as Avro records (avro-schema.ts), and back. */
import type { PrimitiveType, Scalar } from '../columnar/types';
import type { DataFile, EntryStatus, FileMetrics, ManifestEntry } from './data-file';
import { manifestInvalid } from './errors';
import type { PartitionSpec } from './partition';

const STATUSES: readonly EntryStatus[] = ['existing', 'added', 'deleted'];

/** Pairs of a map whose keys are field ids. */
type Pairs<V> = readonly { readonly key: number; readonly value: V }[] | null;

/** A manifest entry as in Avro, under the names of avro-schema.ts; what a writer left out is undefined. */
export interface EntryRecord {
  readonly status: number;
  readonly snapshot_id?: bigint | null;
  readonly sequence_number?: number | null;
  readonly file_sequence_number?: number | null;
  readonly data_file: DataFileRecord;
}

interface DataFileRecord {
  readonly content?: number;
  readonly file_path: string;
  readonly file_format: string;
  readonly partition: Readonly<Record<string, Scalar>>;
  readonly record_count: number;
  readonly file_size_in_bytes: number;
  readonly column_sizes?: Pairs<number>;
  readonly value_counts?: Pairs<number>;
  readonly null_value_counts?: Pairs<number>;
  readonly nan_value_counts?: Pairs<number>;
  readonly lower_bounds?: Pairs<Buffer>;
  readonly upper_bounds?: Pairs<Buffer>;
  readonly key_metadata?: Buffer | null;
  readonly split_offsets?: readonly number[] | null;
  readonly equality_ids?: readonly number[] | null;
  readonly sort_order_id?: number | null;
  readonly referenced_data_file?: string | null;
}

/** The record of an entry; partition values stand under the ids of the spec's fields. */
export function entryRecord(entry: ManifestEntry, spec: PartitionSpec): EntryRecord {
  return {
    status: STATUSES.indexOf(entry.status),
    snapshot_id: entry.snapshotId,
    sequence_number: entry.sequenceNumber,
    file_sequence_number: entry.fileSequenceNumber,
    data_file: fileRecord(entry.file, spec),
  };
}

function fileRecord(file: DataFile, spec: PartitionSpec): DataFileRecord {
  const { metrics } = file;
  const partition: Record<string, Scalar> = {};
  spec.fields.forEach((f, i) => {
    const v = file.partition[i] ?? null;
    partition[`_${f['field-id']}`] = v instanceof Uint8Array ? bufferOf(v) : v;
  });
  return {
    content: file.content,
    file_path: file.path,
    file_format: file.format,
    partition,
    record_count: file.recordCount,
    file_size_in_bytes: file.size,
    // Never NULL: PyIceberg's inspect.entries() fails on a file without column sizes.
    column_sizes: pairs(metrics.columnSizes, same) ?? [],
    value_counts: pairs(metrics.valueCounts, same),
    null_value_counts: pairs(metrics.nullCounts, same),
    nan_value_counts: pairs(metrics.nanCounts, same),
    lower_bounds: pairs(metrics.lower, bufferOf),
    upper_bounds: pairs(metrics.upper, bufferOf),
    key_metadata: file.keyMetadata && bufferOf(file.keyMetadata),
    split_offsets: metrics.splitOffsets.length > 0 ? metrics.splitOffsets : null,
    equality_ids: file.equalityIds,
    sort_order_id: file.sortOrderId,
    referenced_data_file: file.referencedDataFile,
  };
}

const same = (n: number): number => n;

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function pairs<V, W>(map: ReadonlyMap<number, V> | undefined, value: (v: V) => W): Pairs<W> {
  if (!map || map.size === 0) return null;
  return [...map].sort(([a], [b]) => a - b).map(([key, v]) => ({ key, value: value(v) }));
}

/** A partition field's name in records, and the type of its values if it is known. */
export interface PartitionColumn {
  readonly key: string;
  readonly type: PrimitiveType | undefined;
}

/** The entry in a record. Throws TM_4012 for a status that does not exist. */
export function entryOf(
  r: EntryRecord,
  specId: number,
  columns: readonly PartitionColumn[],
  where: string,
): ManifestEntry {
  const status = STATUSES[r.status];
  if (!status) throw manifestInvalid(`entry status ${r.status}`, where);
  return {
    status,
    snapshotId: r.snapshot_id ?? null,
    sequenceNumber: r.sequence_number ?? null,
    fileSequenceNumber: r.file_sequence_number ?? null,
    file: fileOf(r.data_file, specId, columns),
  };
}

function fileOf(r: DataFileRecord, specId: number, columns: readonly PartitionColumn[]): DataFile {
  return {
    content: (r.content ?? 0) as DataFile['content'],
    path: r.file_path,
    format: r.file_format.toUpperCase(),
    specId,
    partition: columns.map(({ key, type }) => conform(r.partition[key] ?? null, type)),
    recordCount: r.record_count,
    size: r.file_size_in_bytes,
    metrics: metricsOf(r),
    keyMetadata: r.key_metadata ? bytesOf(r.key_metadata) : null,
    equalityIds: r.equality_ids ?? null,
    sortOrderId: r.sort_order_id ?? null,
    referencedDataFile: r.referenced_data_file ?? null,
  };
}

function metricsOf(r: DataFileRecord): FileMetrics {
  return {
    columnSizes: mapOf(r.column_sizes, same),
    valueCounts: mapOf(r.value_counts, same),
    nullCounts: mapOf(r.null_value_counts, same),
    ...(r.nan_value_counts ? { nanCounts: mapOf(r.nan_value_counts, same) } : {}),
    lower: mapOf(r.lower_bounds, bytesOf),
    upper: mapOf(r.upper_bounds, bytesOf),
    splitOffsets: r.split_offsets ?? [],
  };
}

/** A view without Buffer's own methods, whose slice() and toString() mean something else. */
function bytesOf(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

function mapOf<V, W>(list: Pairs<V> | undefined, value: (v: V) => W): Map<number, W> {
  const map = new Map<number, W>();
  for (const pair of list ?? []) map.set(pair.key, value(pair.value));
  return map;
}

/** A partition value in the kind its type has now: Avro int may stand for a long, and the reverse. */
function conform(v: Scalar, type: PrimitiveType | undefined): Scalar {
  if (typeof v === 'number' && type === 'long') return BigInt(v);
  if (typeof v === 'bigint' && (type === 'int' || type === 'date')) return Number(v);
  return Buffer.isBuffer(v) ? bytesOf(v) : v;
}

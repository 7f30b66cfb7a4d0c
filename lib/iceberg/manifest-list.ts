/** Manifest lists: the manifests of a snapshot. @see https://iceberg.apache.org/spec/#manifest-lists */
import type { PrimitiveType, Scalar } from '../columnar/types';
import { readContainer, writeContainer } from './avro';
import { LAYOUT, MANIFEST_FILE } from './avro-schema';
import type { EntryStatus, ManifestContent, ManifestEntry } from './data-file';
import { manifestInvalid } from './errors';
import { type PartitionSpec, partitionTypes } from './partition';
import type { Schema } from './schema';
import { compareValues, encodeValue } from './single-value';

/** What a manifest's files hold of one partition field. Bounds are single-value bytes; null: nothing but NULL and NaN. */
export interface PartitionSummary {
  readonly containsNull: boolean;
  /** null: the writer did not say. */
  readonly containsNan: boolean | null;
  readonly lower: Uint8Array | null;
  readonly upper: Uint8Array | null;
}

/** A manifest's line in a list. `length` in bytes; a carried line stays as it is, sequence numbers too. */
export interface ManifestFile {
  readonly path: string;
  readonly length: number;
  readonly specId: number;
  readonly content: ManifestContent;
  readonly sequenceNumber: number;
  /** The least data sequence number of its live files. */
  readonly minSequenceNumber: number;
  readonly addedSnapshotId: bigint;
  readonly addedFiles: number;
  readonly existingFiles: number;
  readonly deletedFiles: number;
  readonly addedRows: number;
  readonly existingRows: number;
  readonly deletedRows: number;
  readonly partitions: readonly PartitionSummary[] | null;
  readonly keyMetadata: Uint8Array | null;
}

/** The line of a manifest just written by the snapshot `snapshotId`. Throws TM_4006 as encodeManifest. */
export function summariseManifest(manifest: {
  readonly path: string;
  readonly length: number;
  readonly entries: readonly ManifestEntry[];
  readonly schema: Schema;
  readonly spec: PartitionSpec;
  readonly content: ManifestContent;
  readonly snapshotId: bigint;
  readonly sequenceNumber: number;
}): ManifestFile {
  const { entries, spec, sequenceNumber } = manifest;
  const files: Record<EntryStatus, number> = { added: 0, existing: 0, deleted: 0 };
  const rows: Record<EntryStatus, number> = { added: 0, existing: 0, deleted: 0 };
  let min = sequenceNumber;
  for (const entry of entries) {
    files[entry.status]++;
    rows[entry.status] += entry.file.recordCount;
    if (entry.status !== 'deleted') min = Math.min(min, entry.sequenceNumber ?? sequenceNumber);
  }
  return {
    path: manifest.path,
    length: manifest.length,
    specId: spec['spec-id'],
    content: manifest.content,
    sequenceNumber,
    minSequenceNumber: min,
    addedSnapshotId: manifest.snapshotId,
    addedFiles: files.added,
    existingFiles: files.existing,
    deletedFiles: files.deleted,
    addedRows: rows.added,
    existingRows: rows.existing,
    deletedRows: rows.deleted,
    partitions: partitionTypes(spec, manifest.schema.fields).map(({ type }, i) =>
      summarise(
        type,
        entries.map(entry => entry.file.partition[i] ?? null),
      ),
    ),
    keyMetadata: null,
  };
}

function summarise(type: PrimitiveType, values: readonly Scalar[]): PartitionSummary {
  let containsNull = false;
  let containsNan = false;
  let lower: Exclude<Scalar, null> | undefined;
  let upper: Exclude<Scalar, null> | undefined;
  for (const v of values) {
    if (v === null) containsNull = true;
    else if (Number.isNaN(v)) containsNan = true;
    else {
      if (lower === undefined || compareValues(type, v, lower) < 0) lower = v;
      if (upper === undefined || compareValues(type, v, upper) > 0) upper = v;
    }
  }
  const bound = (v: Exclude<Scalar, null> | undefined) => (v === undefined ? null : encodeValue(type, v));
  return { containsNull, containsNan, lower: bound(lower), upper: bound(upper) };
}

/** A line as in Avro, under the names of avro-schema.ts; what a version 1 writer left out is undefined. */
interface ManifestRecord {
  readonly manifest_path: string;
  readonly manifest_length: number;
  readonly partition_spec_id: number;
  readonly content?: number;
  readonly sequence_number?: number;
  readonly min_sequence_number?: number;
  readonly added_snapshot_id?: bigint | null;
  readonly added_files_count?: number | null;
  readonly existing_files_count?: number | null;
  readonly deleted_files_count?: number | null;
  readonly added_rows_count?: number | null;
  readonly existing_rows_count?: number | null;
  readonly deleted_rows_count?: number | null;
  readonly partitions?: readonly SummaryRecord[] | null;
  readonly key_metadata?: Buffer | null;
}

interface SummaryRecord {
  readonly contains_null: boolean;
  readonly contains_nan?: boolean | null;
  readonly lower_bound?: Buffer | null;
  readonly upper_bound?: Buffer | null;
}

/** The bytes of a snapshot's manifest list. */
export function encodeManifestList(
  files: readonly ManifestFile[],
  snapshot: { readonly snapshotId: bigint; readonly parentId?: bigint; readonly sequenceNumber: number },
): Uint8Array {
  const meta = {
    'snapshot-id': String(snapshot.snapshotId),
    ...(snapshot.parentId === undefined ? {} : { 'parent-snapshot-id': String(snapshot.parentId) }),
    'sequence-number': String(snapshot.sequenceNumber),
    'format-version': '2',
  };
  return writeContainer(MANIFEST_FILE, LAYOUT, files.map(recordOf), meta);
}

function recordOf(file: ManifestFile): ManifestRecord {
  return {
    manifest_path: file.path,
    manifest_length: file.length,
    partition_spec_id: file.specId,
    content: file.content === 'data' ? 0 : 1,
    sequence_number: file.sequenceNumber,
    min_sequence_number: file.minSequenceNumber,
    added_snapshot_id: file.addedSnapshotId,
    added_files_count: file.addedFiles,
    existing_files_count: file.existingFiles,
    deleted_files_count: file.deletedFiles,
    added_rows_count: file.addedRows,
    existing_rows_count: file.existingRows,
    deleted_rows_count: file.deletedRows,
    partitions:
      file.partitions?.map(p => ({
        contains_null: p.containsNull,
        contains_nan: p.containsNan,
        lower_bound: bufferOf(p.lower),
        upper_bound: bufferOf(p.upper),
      })) ?? null,
    key_metadata: bufferOf(file.keyMetadata),
  };
}

function bufferOf(bytes: Uint8Array | null): Buffer | null {
  return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Reads a manifest list of any writer. Throws TM_4010, TM_4011 or TM_4012 when it cannot be read; `where` is for these. */
export function decodeManifestList(bytes: Uint8Array, where = 'manifest list'): ManifestFile[] {
  const { records } = readContainer(bytes, LAYOUT, where);
  return Array.from(records as Iterable<ManifestRecord>, r => fileOf(r, where));
}

function fileOf(r: ManifestRecord, where: string): ManifestFile {
  return {
    path: r.manifest_path,
    length: r.manifest_length,
    specId: r.partition_spec_id,
    content: r.content === 1 ? 'deletes' : 'data',
    sequenceNumber: r.sequence_number ?? 0,
    minSequenceNumber: r.min_sequence_number ?? 0,
    addedSnapshotId: r.added_snapshot_id ?? 0n,
    addedFiles: count(r.added_files_count, where),
    existingFiles: count(r.existing_files_count, where),
    deletedFiles: count(r.deleted_files_count, where),
    addedRows: count(r.added_rows_count, where),
    existingRows: count(r.existing_rows_count, where),
    deletedRows: count(r.deleted_rows_count, where),
    partitions:
      r.partitions?.map(p => ({
        containsNull: p.contains_null,
        containsNan: p.contains_nan ?? null,
        lower: bytesOf(p.lower_bound),
        upper: bytesOf(p.upper_bound),
      })) ?? null,
    keyMetadata: bytesOf(r.key_metadata),
  };
}

/** Version 1 may leave counts out. None may pass for 0: a manifest without live files is dropped. */
function count(n: number | null | undefined, where: string): number {
  if (n === null || n === undefined) throw manifestInvalid('a manifest without file and row counts', where);
  return n;
}

function bytesOf(buffer: Buffer | null | undefined): Uint8Array | null {
  return buffer ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length) : null;
}

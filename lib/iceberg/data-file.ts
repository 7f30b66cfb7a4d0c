/** What manifests say of a file. @see https://iceberg.apache.org/spec/#manifests */
import type { Scalar } from '../columnar/types';

/** Statistics of a file by field id. Bounds are single-value bytes (single-value.ts); split offsets are file offsets. */
export interface FileMetrics {
  /** Compressed bytes. */
  readonly columnSizes: Map<number, number>;
  /** Values, NULLs included. */
  readonly valueCounts: Map<number, number>;
  readonly nullCounts: Map<number, number>;
  readonly nanCounts?: Map<number, number>;
  readonly lower: Map<number, Uint8Array>;
  readonly upper: Map<number, Uint8Array>;
  readonly splitOffsets: readonly number[];
}

/** content: 0 data, 1 position deletes, 2 equality deletes. */
export interface DataFile {
  readonly content: 0 | 1 | 2;
  /** Absolute. Position deletes must repeat it character for character. */
  readonly path: string;
  /** PARQUET, AVRO or ORC. */
  readonly format: string;
  readonly specId: number;
  /** One value a partition field, in the order of the spec. */
  readonly partition: readonly Scalar[];
  readonly recordCount: number;
  /** Bytes, exactly: Spark reads no rows of a file whose size is stated wrong, without an error. */
  readonly size: number;
  readonly metrics: FileMetrics;
  readonly keyMetadata: Uint8Array | null;
  readonly equalityIds: readonly number[] | null;
  readonly sortOrderId: number | null;
  /** The one data file that a position delete file speaks of. */
  readonly referencedDataFile: string | null;
}

export type EntryStatus = 'existing' | 'added' | 'deleted';

/** A file's line in a manifest. NULL ids and numbers of an added file are inherited (manifest.ts, inheritFrom). */
export interface ManifestEntry {
  readonly status: EntryStatus;
  readonly snapshotId: bigint | null;
  /** Data sequence number: deletes with a greater one apply to the file. */
  readonly sequenceNumber: number | null;
  /** Sequence number of the snapshot that added the file. */
  readonly fileSequenceNumber: number | null;
  readonly file: DataFile;
}

/** What the files of a manifest hold. */
export type ManifestContent = 'data' | 'deletes';

/** A file without statistics of its columns. */
export function noMetrics(): FileMetrics {
  return {
    columnSizes: new Map(),
    valueCounts: new Map(),
    nullCounts: new Map(),
    lower: new Map(),
    upper: new Map(),
    splitOffsets: [],
  };
}

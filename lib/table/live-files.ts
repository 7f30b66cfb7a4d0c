import type { DataFile, ManifestEntry } from '../iceberg/data-file';
import { decodeManifest, inheritFrom } from '../iceberg/manifest';
import { decodeManifestList, type ManifestFile } from '../iceberg/manifest-list';
import { allFields, currentSnapshot, type Snapshot, type TableMetadata } from '../iceberg/metadata';
import type { ObjectStore } from '../ports/object-store';
import { fileMissing } from './errors';

/** A file that a snapshot names, with the sequence number that decides which deletes stand against it. */
export interface LiveFile {
  readonly file: DataFile;
  readonly sequenceNumber: number;
}

export interface LiveFiles {
  readonly data: readonly LiveFile[];
  /** Position and equality deletes, by other engines or by ours. */
  readonly deletes: readonly LiveFile[];
}

export async function readManifests(
  store: ObjectStore,
  snapshot: Snapshot | undefined,
): Promise<ManifestFile[]> {
  return snapshot ? decodeManifestList(await readUri(store, snapshot['manifest-list'])) : [];
}

/** The entries of one manifest, sequence numbers inherited. */
export async function readManifest(
  store: ObjectStore,
  metadata: TableMetadata,
  manifest: ManifestFile,
): Promise<ManifestEntry[]> {
  const bytes = await readUri(store, manifest.path);
  const fields = allFields(metadata);
  return inheritFrom(manifest, decodeManifest(bytes, { fields, specs: metadata['partition-specs'] }).entries);
}

/** Every file that a reader of the snapshot reads. */
export async function liveFiles(
  store: ObjectStore,
  metadata: TableMetadata,
  snapshot: Snapshot | undefined = currentSnapshot(metadata),
): Promise<LiveFiles> {
  const data: LiveFile[] = [];
  const deletes: LiveFile[] = [];
  for await (const live of eachLiveFile(store, metadata, snapshot)) {
    (live.file.content === 0 ? data : deletes).push(live);
  }
  return { data, deletes };
}

/** The same, one after the other: memory holds those of one manifest. */
export async function* eachLiveFile(
  store: ObjectStore,
  metadata: TableMetadata,
  snapshot: Snapshot | undefined = currentSnapshot(metadata),
): AsyncGenerator<LiveFile> {
  for (const manifest of await readManifests(store, snapshot)) {
    for (const { status, file, sequenceNumber } of await readManifest(store, metadata, manifest)) {
      if (status !== 'deleted') yield { file, sequenceNumber: sequenceNumber ?? 0 };
    }
  }
}

export async function readUri(store: ObjectStore, uri: string): Promise<Uint8Array> {
  const bytes = await store.get(store.keyOf(uri));
  if (!bytes) throw fileMissing(uri);
  return bytes;
}

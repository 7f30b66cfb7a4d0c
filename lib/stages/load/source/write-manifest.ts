import type { ObjectStore } from '../../../ports/object-store';
import type { CopyFile } from './copy';
import { byUri, fingerprintOf } from './fingerprint';
import { encodeManifest } from './manifest-rows';

/** What a manifest's summary says. */
export interface ManifestSummary {
  /** The manifest's uri. */
  readonly manifest: string;
  /** Bytes of all files. */
  readonly size: number;
  /** Rows of all files; null where they were not counted. */
  readonly n_record: number | null;
  readonly fingerprint: string;
  /** What its writer wants to know of it. */
  readonly details: Readonly<Record<string, unknown>>;
}

/**
 * Writes the manifest of a copy's files, then its summary, from which readers go: a crash between the two leaves a
 * manifest that nothing names. What stands there under these keys stays.
 */
export async function writeManifest(
  store: ObjectStore,
  files: readonly CopyFile[],
  keys: { readonly manifest: string; readonly summary: string },
  details: ManifestSummary['details'] = {},
): Promise<ManifestSummary> {
  const sorted = [...files].sort(byUri);
  const counted = sorted.every(file => file.rows !== undefined);
  const rows = sorted.map(({ uri, bytes, etag, rows = null }) => ({
    uri,
    size: bytes,
    n_record: rows,
    etag,
  }));
  const summary = {
    manifest: store.uri(keys.manifest),
    size: sorted.reduce((sum, { bytes }) => sum + bytes, 0),
    n_record: counted ? sorted.reduce((sum, file) => sum + file.rows!, 0) : null,
    fingerprint: fingerprintOf(sorted),
    details,
  };
  await store.putIfAbsent(keys.manifest, encodeManifest(rows));
  await store.putIfAbsent(keys.summary, Buffer.from(JSON.stringify(summary, null, 2)));
  return summary;
}

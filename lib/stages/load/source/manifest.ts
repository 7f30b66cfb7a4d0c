import { posix } from 'node:path';
import type { ObjectStore } from '../../../ports/object-store';
import { mapAtOnce } from '../../../table/at-once';
import { fingerprintDiffers, manifestFilesChanged, manifestUnreadable, noSuchTable } from '../errors';
import type { CopyFile, CopyFormat, CopySource, TableCopy } from './copy';
import { fingerprintOf } from './fingerprint';
import { numberIn, parseRecord, textIn } from './json';
import { formatOfAll } from './listing';
import { keyIn, type ManifestRow, readManifest } from './manifest-rows';
import { tableCopy } from './table-copy';

/** Files that are looked up at a time. */
const HEADS_AT_ONCE = 32;

/** A manifest as the copy of one table. */
export interface ManifestSet {
  /** What the table is called. */
  readonly table: string;
  /** The summary's key. The manifest and the files that it names stand in the same store. */
  readonly summary: string;
  /** Where the files' names do not say it. */
  readonly format?: CopyFormat;
}

/**
 * The files that a manifest names, as they were when it was written: Parquet rows {uri, size, n_record, etag}, and a
 * summary, JSON {manifest, size, n_record, fingerprint, details}. `manifest` is a uri, or a path from the summary's folder.
 */
export function manifestSource(store: ObjectStore, set: ManifestSet): CopySource {
  return {
    tables: async () => [set.table],
    copyOf: async table => {
      if (table !== set.table) throw noSuchTable(table, [set.table], set.summary);
      return copyOfManifest(store, set);
    },
  };
}

async function copyOfManifest(
  store: ObjectStore,
  { table, summary, format }: ManifestSet,
): Promise<TableCopy> {
  const where = store.uri(summary);
  const bytes = await store.get(summary);
  if (!bytes) throw manifestUnreadable('there is no summary', where);
  const said = parseRecord(bytes);
  if (!said) throw manifestUnreadable('the summary is no JSON object', where);
  const manifest = textIn(said.manifest);
  const fingerprint = textIn(said.fingerprint);
  if (manifest === undefined) throw manifestUnreadable('the summary names no manifest', where);
  if (fingerprint === undefined) throw manifestUnreadable('the summary has no fingerprint', where);
  const rows = await readManifest(store, addressOf(store, summary, manifest));
  compare('fingerprint', fingerprint, fingerprintOf(rows), where);
  compare(
    'size',
    numberIn(said.size),
    rows.reduce((sum, { size }) => sum + size, 0),
    where,
  );
  if (rows.every(row => row.n_record !== null))
    compare(
      'n_record',
      numberIn(said.n_record),
      rows.reduce((sum, row) => sum + row.n_record!, 0),
      where,
    );
  const files = await standingFiles(store, rows, where);
  return tableCopy(store, { table, format: format ?? formatOfAll(table, files), files });
}

/** The manifest's uri: a name alone, or a path that begins nowhere, is one beside the summary. */
function addressOf(store: ObjectStore, summary: string, manifest: string): string {
  if (/^\/|^[a-z0-9]+:\//i.test(manifest)) return manifest;
  const key = posix.join(posix.dirname(summary), manifest);
  return key.startsWith('..') ? manifest : store.uri(key);
}

/** A sum that the summary leaves out is not held against it. */
function compare(
  what: string,
  said: string | number | undefined,
  found: string | number,
  where: string,
): void {
  if (said !== undefined && said !== found) throw fingerprintDiffers(what, said, found, where);
}

/** The manifest's files as they stand. @throws TM_2715 that names each that does not stand as the manifest says */
async function standingFiles(
  store: ObjectStore,
  rows: readonly ManifestRow[],
  where: string,
): Promise<CopyFile[]> {
  const changed: { uri: string; reason: string }[] = [];
  const seen = new Set<string>();
  const infos = await mapAtOnce(rows, HEADS_AT_ONCE, async ({ uri }) => {
    const key = keyIn(store, uri);
    return key === undefined ? undefined : store.head(key);
  });
  const files = rows.map((row, i) => {
    const info = infos[i];
    const reason = changeOf(row, info, seen.has(row.uri));
    seen.add(row.uri);
    if (reason !== undefined) changed.push({ uri: row.uri, reason });
    const file = { key: info?.key ?? '', uri: row.uri, bytes: row.size, etag: info?.etag ?? '' };
    return row.n_record === null ? file : { ...file, rows: row.n_record };
  });
  if (changed.length > 0) throw manifestFilesChanged(changed, where);
  return files;
}

function changeOf(
  row: ManifestRow,
  info: { size: number; etag: string } | undefined,
  again: boolean,
): string | undefined {
  if (again) return 'it is named twice';
  if (!info) return 'it is not there';
  if (info.size !== row.size) return `it has ${info.size} bytes, not ${row.size}`;
  // S3 says an etag in quotes, and some writers of manifests keep them.
  const etag = row.etag.replaceAll('"', '');
  return info.etag === etag ? undefined : `its etag is ${info.etag}, not ${etag}`;
}

import { listAttempts } from '../../ledger/attempts';
import { entriesAfter } from '../../ledger/entries';
import { listQuarantined } from '../../ledger/quarantine';
import type { LakePorts } from '../../ports/lake-ports';
import { readManifest, readManifests } from '../../table/live-files';
import { type OpenTable, openTable } from '../../table/open';

/** Whose ledger items are read: all that have objects, whatever the catalog says of them. */
export interface Namers {
  /** Tables that have deltas. */
  readonly logs: ReadonlySet<string>;
  /** Reports that have files in staging. */
  readonly reports: ReadonlySet<string>;
}

/** Keys that vacuum must keep: what any retained snapshot, ledger entry, open attempt or quarantine record names. */
export async function namedKeys(ports: LakePorts, { logs, reports }: Namers): Promise<Set<string>> {
  const named = new Set<string>();
  const root = ports.store.uri('x').slice(0, -1);
  for (const name of await ports.catalog.list()) {
    const open = await openTable(ports, name);
    const uris = open ? await reachable(ports, open) : [];
    for (const uri of uris) if (uri.startsWith(root)) named.add(ports.store.keyOf(uri));
  }
  for (const table of logs)
    for await (const entry of entriesAfter(ports.items, table, 0)) named.add(entry.joined?.key ?? entry.key);
  for (const report of reports)
    for (const { id, state } of await listAttempts(ports.items, report)) {
      if (state !== 'open') continue;
      for await (const { key } of ports.store.list(`staging/${report}/${id}`)) named.add(key);
    }
  for (const record of await listQuarantined(ports.items)) named.add(record.copy);
  return named;
}

/** Everything that the table's metadata leads to, by uri: metadata files, lists, manifests, data and delete files. */
async function reachable(ports: LakePorts, { pointer, metadata }: OpenTable): Promise<Set<string>> {
  const uris = new Set<string>([pointer.uri, ...metadata['metadata-log'].map(l => l['metadata-file'])]);
  for (const snapshot of metadata.snapshots) {
    uris.add(snapshot['manifest-list']);
    for (const manifest of await readManifests(ports.store, snapshot)) {
      if (uris.has(manifest.path)) continue;
      uris.add(manifest.path);
      for (const entry of await readManifest(ports.store, metadata, manifest)) {
        if (entry.status !== 'deleted') uris.add(entry.file.path);
      }
    }
  }
  for (const kind of ['statistics', 'partition-statistics']) {
    for (const file of (metadata[kind] ?? []) as { 'statistics-path': string }[])
      uris.add(file['statistics-path']);
  }
  return uris;
}

import type { DataFile, ManifestEntry } from '../iceberg/data-file';
import { withSnapshot } from '../iceberg/evolution';
import { encodeManifest } from '../iceberg/manifest';
import { encodeManifestList, type ManifestFile, summariseManifest } from '../iceberg/manifest-list';
import {
  ancestors,
  currentSchema,
  currentSnapshot,
  defaultSpec,
  formatMetadata,
  type Snapshot,
  specById,
  type TableMetadata,
} from '../iceberg/metadata';
import { type SnapshotOperation, snapshotSummary } from '../iceberg/summary';
import type { LakePorts } from '../ports/lake-ports';
import { COMMIT_ID } from './cursor';
import { expireBySchedule } from './expire';
import { readManifest, readManifests } from './live-files';
import { type OpenTable, openTable } from './open';

/** What one commit does to a table. `removed` names data and delete files by path. */
export interface TableChange {
  readonly operation: SnapshotOperation;
  readonly added: readonly DataFile[];
  readonly removed: ReadonlySet<string>;
  readonly summary: Readonly<Record<string, string>>;
}

/** refused: another commit came first. What was written stays for vacuum; plan afresh. */
export type CommitResult =
  | { readonly committed: true; readonly table: OpenTable; readonly snapshot: Snapshot }
  | { readonly committed: false };

/**
 * Commits a change onto the metadata it was planned from. The swap of the pointer is the only commit point: a
 * crash before it leaves files that nothing names; after it everything is done (PROTOCOL.md, M5).
 *
 * A refused or unanswered swap is read back: when an ancestor of what stands there bears our commit id, it was
 * ours after all. Any other commit refuses this one, whatever it did: the caller plans afresh, locate included.
 * @param base the table as planned from; its metadata may already carry a schema change, uncommitted
 */
export async function commit(ports: LakePorts, base: OpenTable, change: TableChange): Promise<CommitResult> {
  const commitId = ports.ids.fresh();
  const { metadata, snapshot } = await stage(ports, base, change, commitId);
  const swapped = await ports.catalog
    .swap(base.name, base.pointer, formatMetadata(metadata))
    .catch(async error => ({ swapped: false as const, error }));
  if (swapped.swapped) {
    return { committed: true, table: { name: base.name, pointer: swapped.pointer, metadata }, snapshot };
  }
  const now = await openTable(ports, base.name);
  const ours = now && [...ancestors(now.metadata)].find(s => s.summary[COMMIT_ID] === commitId);
  if (now && ours) return { committed: true, table: now, snapshot: ours };
  if ('error' in swapped) throw swapped.error;
  return { committed: false };
}

/** Writes manifests and manifest list; gives the metadata that would name them. */
async function stage(
  ports: LakePorts,
  base: OpenTable,
  change: TableChange,
  commitId: string,
): Promise<{ metadata: TableMetadata; snapshot: Snapshot }> {
  const { metadata } = base;
  const parent = currentSnapshot(metadata);
  const writer: ManifestWriter = {
    ports,
    base,
    snapshotId: ports.ids.snapshotId(),
    sequenceNumber: metadata['last-sequence-number'] + 1,
  };
  const kept = await carryManifests(writer, await readManifests(ports.store, parent), change.removed);
  const added = await addManifests(writer, change.added);
  const list = await joinManifests(writer, [...added, ...kept.manifests]);
  const listKey = `${base.name}/metadata/snap-${writer.snapshotId}-1-${commitId}.avro`;
  const listBytes = encodeManifestList(list, {
    snapshotId: writer.snapshotId,
    parentId: parent?.['snapshot-id'],
    sequenceNumber: writer.sequenceNumber,
  });
  await ports.store.putIfAbsent(listKey, listBytes);
  const now = Math.max(ports.clock.now(), metadata['last-updated-ms'] + 1);
  const snapshot: Snapshot = {
    'snapshot-id': writer.snapshotId,
    ...(parent ? { 'parent-snapshot-id': parent['snapshot-id'] } : {}),
    'sequence-number': writer.sequenceNumber,
    'timestamp-ms': now,
    'manifest-list': ports.store.uri(listKey),
    summary: {
      ...snapshotSummary({ operation: change.operation, parent, added: change.added, removed: kept.removed }),
      ...change.summary,
      [COMMIT_ID]: commitId,
    },
    'schema-id': metadata['current-schema-id'],
  };
  const previous = { uri: base.pointer.uri, updatedMs: metadata['last-updated-ms'] };
  return { metadata: expireBySchedule(withSnapshot(metadata, snapshot, { previous }), now), snapshot };
}

interface ManifestWriter {
  readonly ports: LakePorts;
  readonly base: OpenTable;
  readonly snapshotId: bigint;
  readonly sequenceNumber: number;
}

/** Manifests without a removed file are carried as they are; the others are written anew with it marked deleted. */
async function carryManifests(
  writer: ManifestWriter,
  manifests: readonly ManifestFile[],
  removed: ReadonlySet<string>,
): Promise<{ manifests: ManifestFile[]; removed: DataFile[] }> {
  const carried: ManifestFile[] = [];
  const gone: DataFile[] = [];
  for (const manifest of manifests) {
    if (manifest.addedFiles + manifest.existingFiles === 0) continue;
    if (removed.size === 0) {
      carried.push(manifest);
      continue;
    }
    const entries = await readManifest(writer.ports.store, writer.base.metadata, manifest);
    const live = entries.filter(entry => entry.status !== 'deleted');
    const dying = live.filter(entry => removed.has(entry.file.path));
    if (dying.length === 0) {
      carried.push(manifest);
      continue;
    }
    gone.push(...dying.map(entry => entry.file));
    const rewritten = live.map(entry => ({
      ...entry,
      status: removed.has(entry.file.path) ? ('deleted' as const) : ('existing' as const),
      snapshotId: removed.has(entry.file.path) ? writer.snapshotId : entry.snapshotId,
    }));
    carried.push(await writeManifest(writer, rewritten, manifest.specId, manifest.content));
  }
  return { manifests: carried, removed: gone };
}

async function addManifests(writer: ManifestWriter, added: readonly DataFile[]): Promise<ManifestFile[]> {
  const written: ManifestFile[] = [];
  for (const content of ['data', 'deletes'] as const) {
    const files = added.filter(file => (file.content === 0) === (content === 'data'));
    // A file's partition is that of its own spec: another engine may have made another the default since.
    for (const specId of new Set(files.map(file => file.specId))) {
      const entries = files
        .filter(file => file.specId === specId)
        .map(file => ({
          status: 'added' as const,
          snapshotId: writer.snapshotId,
          sequenceNumber: null,
          fileSequenceNumber: null,
          file,
        }));
      written.push(await writeManifest(writer, entries, specId, content));
    }
  }
  return written;
}

export const MANIFESTS_MAX = 100;

/** Past MANIFESTS_MAX the data manifests of the current spec become one: a commit's cost must not grow for ever. */
async function joinManifests(writer: ManifestWriter, manifests: ManifestFile[]): Promise<ManifestFile[]> {
  const spec = defaultSpec(writer.base.metadata)['spec-id'];
  const joinable = manifests.filter(
    m => m.content === 'data' && m.specId === spec && m.addedSnapshotId !== writer.snapshotId,
  );
  if (manifests.length <= MANIFESTS_MAX || joinable.length < 2) return manifests;
  const entries: ManifestEntry[] = [];
  for (const manifest of joinable) {
    const live = await readManifest(writer.ports.store, writer.base.metadata, manifest);
    entries.push(
      ...live.filter(e => e.status !== 'deleted').map(e => ({ ...e, status: 'existing' as const })),
    );
  }
  const joined = await writeManifest(writer, entries, spec, 'data');
  return [...manifests.filter(m => !joinable.includes(m)), joined];
}

async function writeManifest(
  writer: ManifestWriter,
  entries: ManifestEntry[],
  specId: number,
  content: 'data' | 'deletes',
): Promise<ManifestFile> {
  const { ports, base, snapshotId, sequenceNumber } = writer;
  const schema = currentSchema(base.metadata);
  const spec = specById(base.metadata, specId);
  const bytes = encodeManifest({ entries, schema, spec, content });
  const key = `${base.name}/metadata/${ports.ids.fresh()}-m0.avro`;
  await ports.store.putIfAbsent(key, bytes);
  const path = ports.store.uri(key);
  const length = bytes.length;
  return summariseManifest({ path, length, entries, schema, spec, content, snapshotId, sequenceNumber });
}

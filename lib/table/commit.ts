import type { DataFile } from '../iceberg/data-file';
import { withSnapshot } from '../iceberg/evolution';
import { encodeManifestList } from '../iceberg/manifest-list';
import {
  ancestors,
  currentSnapshot,
  formatMetadata,
  type Snapshot,
  type TableMetadata,
} from '../iceberg/metadata';
import { type SnapshotOperation, snapshotSummary } from '../iceberg/summary';
import type { LakePorts } from '../ports/lake-ports';
import { COMMIT_ID } from './cursor';
import { expireBySchedule } from './expire';
import { readManifests } from './live-files';
import { addManifests, carryManifests, joinManifests, type ManifestWriter } from './manifests';
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

/** The counters of a snapshot's summary. @see https://iceberg.apache.org/spec/#optional-snapshot-summary-fields */
import type { DataFile } from './data-file';
import type { Snapshot } from './metadata';
import { partitionKey } from './partition-key';

/**
 * append: files were only added; overwrite: added and removed (every merge, refold, replacement); delete: only
 * removed; replace: the same rows in other files (compaction). Other engines' conflict checks trust it.
 */
export type SnapshotOperation = 'append' | 'overwrite' | 'delete' | 'replace';

interface Totals {
  dataFiles: number;
  records: number;
  deleteFiles: number;
  positionDeletes: number;
  equalityDeletes: number;
  /** Bytes. */
  size: number;
}

/**
 * The summary of a snapshot that adds and removes files, as strings. Counters that are 0 are left out. Totals
 * go on from the parent's, from 0 without a parent; one that the parent does not state is left out.
 */
export function snapshotSummary(change: {
  readonly operation: SnapshotOperation;
  readonly parent?: Snapshot;
  readonly added: readonly DataFile[];
  readonly removed: readonly DataFile[];
}): Record<string, string> {
  const { operation, parent } = change;
  const added = totalsOf(change.added);
  const removed = totalsOf(change.removed);
  const partitions = new Set([...change.added, ...change.removed].map(partitionKey));
  const counters: Record<string, number> = {
    'added-data-files': added.dataFiles,
    'deleted-data-files': removed.dataFiles,
    'added-records': added.records,
    'deleted-records': removed.records,
    'added-files-size': added.size,
    'removed-files-size': removed.size,
    'added-delete-files': added.deleteFiles,
    'removed-delete-files': removed.deleteFiles,
    'added-position-deletes': added.positionDeletes,
    'removed-position-deletes': removed.positionDeletes,
    'added-equality-deletes': added.equalityDeletes,
    'removed-equality-deletes': removed.equalityDeletes,
    'changed-partition-count': partitions.size,
  };
  const summary: Record<string, string> = { operation };
  for (const [name, n] of Object.entries(counters)) if (n !== 0) summary[name] = String(n);
  const total = (name: string, key: keyof Totals) => {
    const before = parent ? parent.summary[name] : '0';
    if (before !== undefined) summary[name] = String(Number(before) + added[key] - removed[key]);
  };
  total('total-data-files', 'dataFiles');
  total('total-records', 'records');
  total('total-files-size', 'size');
  total('total-delete-files', 'deleteFiles');
  total('total-position-deletes', 'positionDeletes');
  total('total-equality-deletes', 'equalityDeletes');
  return summary;
}

function totalsOf(files: readonly DataFile[]): Totals {
  const t: Totals = {
    dataFiles: 0,
    records: 0,
    deleteFiles: 0,
    positionDeletes: 0,
    equalityDeletes: 0,
    size: 0,
  };
  for (const file of files) {
    t.size += file.size;
    if (file.content === 0) {
      t.dataFiles++;
      t.records += file.recordCount;
    } else {
      t.deleteFiles++;
      t[file.content === 1 ? 'positionDeletes' : 'equalityDeletes'] += file.recordCount;
    }
  }
  return t;
}

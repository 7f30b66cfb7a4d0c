/** The metadata a commit leaves: its snapshot, and the log of the metadata files before it. */
import { snapshotOutOfLine } from './errors';
import { NO_SNAPSHOT, type Snapshot, type TableMetadata } from './metadata';

/** The metadata file a commit replaces, and that file's last-updated-ms. */
export interface PreviousMetadata {
  readonly uri: string;
  readonly updatedMs: number;
}

const PREVIOUS_VERSIONS_MAX = 100;

/**
 * The metadata with a new current snapshot on branch main. Its time, and last-updated-ms, are moved past those
 * of the metadata before it if a clock stood still or went back: `--as-of` must order snapshots as they came.
 * @param previous left out only when the table is created with its first snapshot
 * Throws TM_4024 if the snapshot's parent or sequence number does not follow `md`.
 */
export function withSnapshot(
  md: TableMetadata,
  snapshot: Snapshot,
  { previous }: { readonly previous?: PreviousMetadata } = {},
): TableMetadata {
  checkFollows(md, snapshot);
  const ms = Math.max(snapshot['timestamp-ms'], md['last-updated-ms'], previous ? previous.updatedMs + 1 : 0);
  const id = snapshot['snapshot-id'];
  const placed = { 'schema-id': md['current-schema-id'], ...snapshot, 'timestamp-ms': ms };
  return {
    ...md,
    'last-sequence-number': snapshot['sequence-number'],
    'last-updated-ms': ms,
    'current-snapshot-id': id,
    snapshots: [...md.snapshots, placed],
    refs: { ...md.refs, main: { type: 'branch', ...md.refs.main, 'snapshot-id': id } },
    'snapshot-log': [...md['snapshot-log'], { 'timestamp-ms': ms, 'snapshot-id': id }],
    'metadata-log': metadataLog(md, previous),
  };
}

function checkFollows(md: TableMetadata, snapshot: Snapshot): void {
  const where = `snapshot ${snapshot['snapshot-id']}`;
  const parent = snapshot['parent-snapshot-id'] ?? NO_SNAPSHOT;
  const number = snapshot['sequence-number'];
  if (parent !== md['current-snapshot-id']) {
    throw snapshotOutOfLine(
      `its parent is ${parent}, the table stands at ${md['current-snapshot-id']}`,
      where,
    );
  }
  if (number !== md['last-sequence-number'] + 1) {
    throw snapshotOutOfLine(`its number is ${number}, the table's last ${md['last-sequence-number']}`, where);
  }
  if (md.snapshots.some(s => s['snapshot-id'] === snapshot['snapshot-id'])) {
    throw snapshotOutOfLine('the table has a snapshot of this id', where);
  }
}

/** The metadata of a commit without a snapshot (schema, properties, expiry): the file before it enters the log. */
export function withMetadataLog(md: TableMetadata, previous: PreviousMetadata, now: number): TableMetadata {
  const ms = Math.max(now, md['last-updated-ms'], previous.updatedMs + 1);
  return { ...md, 'last-updated-ms': ms, 'metadata-log': metadataLog(md, previous) };
}

/** At most write.metadata.previous-versions-max files are kept, the newest. */
function metadataLog(
  md: TableMetadata,
  previous: PreviousMetadata | undefined,
): TableMetadata['metadata-log'] {
  if (!previous) return md['metadata-log'];
  const wanted = Number(md.properties['write.metadata.previous-versions-max'] ?? PREVIOUS_VERSIONS_MAX);
  const max = Number.isInteger(wanted) ? Math.max(1, wanted) : PREVIOUS_VERSIONS_MAX;
  const entry = { 'timestamp-ms': previous.updatedMs, 'metadata-file': previous.uri };
  return [...md['metadata-log'], entry].slice(-max);
}

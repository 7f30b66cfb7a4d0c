/** Which snapshots a table keeps. Files are vacuum's: here only metadata changes. */
import { snapshotHeld } from './errors';
import { ancestors, type Snapshot, type TableMetadata } from './metadata';

/** Ages in milliseconds up to which every, one an hour, one a day of the snapshots stay; older ones go. */
export interface ThinPolicy {
  /** Whether a snapshot states the merge cursor. */
  readonly states: (snapshot: Snapshot) => boolean;
  readonly keepAllMs?: number;
  readonly keepHourlyMs?: number;
  readonly keepDailyMs?: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * The metadata without some snapshots; ids it does not have are ignored. The snapshot log is cut after the last
 * of them: a log with gaps would answer `AS OF` wrongly, and Spark refuses a log that names an expired one.
 * Throws TM_4025 if a branch or tag holds one.
 */
export function expireSnapshots(md: TableMetadata, ids: readonly bigint[]): TableMetadata {
  const drop = new Set(ids);
  for (const [name, ref] of Object.entries(md.refs)) {
    if (drop.has(ref['snapshot-id'])) throw snapshotHeld(ref['snapshot-id'], name);
  }
  const stays = (item: { readonly 'snapshot-id': bigint }) => !drop.has(item['snapshot-id']);
  const log = md['snapshot-log'];
  const lastDropped = log.findLastIndex(item => !stays(item));
  const kept: Record<string, unknown> = {};
  for (const key of ['statistics', 'partition-statistics']) {
    if (md[key]) kept[key] = (md[key] as { readonly 'snapshot-id': bigint }[]).filter(stays);
  }
  return {
    ...md,
    ...kept,
    snapshots: md.snapshots.filter(stays),
    'snapshot-log': log.slice(lastDropped + 1),
  };
}

/**
 * Ids of the snapshots that may go: by default all of the last 6 hours stay, then the newest of each UTC hour for
 * a day, then the newest of each UTC day for 30 days. The current one and those held by a ref always stay, and
 * with every snapshot that stays all its ancestors up to the newest that states the cursor: an unbroken chain to
 * it is how the cursor is found (PROTOCOL.md, M1).
 */
export function snapshotsToThin(md: TableMetadata, now: number, policy: ThinPolicy): bigint[] {
  const keep = scheduled(md.snapshots, now, policy);
  keep.add(md['current-snapshot-id']);
  for (const ref of Object.values(md.refs)) keep.add(ref['snapshot-id']);
  for (const id of [...keep]) {
    const chain: bigint[] = [];
    for (const snapshot of ancestors(md, id)) {
      chain.push(snapshot['snapshot-id']);
      if (!policy.states(snapshot)) continue;
      for (const link of chain) keep.add(link);
      break;
    }
  }
  return md.snapshots.map(s => s['snapshot-id']).filter(id => !keep.has(id));
}

function scheduled(snapshots: readonly Snapshot[], now: number, policy: ThinPolicy): Set<bigint> {
  const { keepAllMs = 6 * HOUR, keepHourlyMs = DAY, keepDailyMs = 30 * DAY } = policy;
  const keep = new Set<bigint>();
  const taken = new Set<string>();
  // What came later in one millisecond is newer, hence the sequence number.
  const newestFirst = [...snapshots].sort(
    (a, b) => b['timestamp-ms'] - a['timestamp-ms'] || b['sequence-number'] - a['sequence-number'],
  );
  for (const snapshot of newestFirst) {
    const at = snapshot['timestamp-ms'];
    const age = now - at;
    if (age > Math.max(keepAllMs, keepHourlyMs, keepDailyMs)) continue;
    const slot =
      age <= keepAllMs ? '' : age <= keepHourlyMs ? `h${Math.floor(at / HOUR)}` : `d${Math.floor(at / DAY)}`;
    if (slot !== '' && taken.has(slot)) continue;
    taken.add(slot);
    keep.add(snapshot['snapshot-id']);
  }
  return keep;
}

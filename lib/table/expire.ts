import { expireSnapshots, snapshotsToThin } from '../iceberg/evolution';
import type { TableMetadata } from '../iceberg/metadata';
import { statesCursor } from './cursor';

/**
 * Snapshots past their schedule leave the metadata with each commit; their files stay until vacuum. The newest
 * ancestor that states the cursor of a kept snapshot stays too, or the cursor were lost (PROTOCOL.md, M1, M5).
 */
export function expireBySchedule(metadata: TableMetadata, now: number): TableMetadata {
  const ids = snapshotsToThin(metadata, now, { states: statesCursor });
  return ids.length === 0 ? metadata : expireSnapshots(metadata, ids);
}

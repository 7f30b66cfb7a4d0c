import type { ReadFrom } from '../../query/open';
import { duration } from './words';

/** Which snapshots an answer was read from, and how long before the asked time each was committed. */
export function readFrom({ snapshots }: ReadFrom): string[] {
  return snapshots.map(({ table, snapshotId, committedAt, behindMs }) => {
    const at = new Date(committedAt).toISOString();
    const behind = behindMs === undefined ? '' : `, ${duration(behindMs)} before the time asked for`;
    return `${table} as of snapshot ${snapshotId}, committed ${at}${behind}`;
  });
}

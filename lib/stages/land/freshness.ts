import type { ResolvedTable } from '../../config/resolved';

/** How often sweeps run. */
export const SWEEP_EVERY_MS = 60_000;

/** From here on a sweep is exact enough, and a table whose deltas may wait is not merged at every file. */
const LONG_WAIT_MS = 5 * SWEEP_EVERY_MS;

/** Whether a table is merged in the window in which its deltas come. The others wait for a sweep. */
export function wakesByQueue({ freshnessMs }: Pick<ResolvedTable, 'freshnessMs'>): boolean {
  return freshnessMs < LONG_WAIT_MS;
}

/**
 * How long deltas wait before a sweep wakes the merge, in milliseconds: as long as the table may be behind, less the
 * time to the next sweep; where a queue wakes it, until that wake-up and its merge must have been lost.
 */
export function patienceMs(table: Pick<ResolvedTable, 'freshnessMs'>, windowMs: number): number {
  return wakesByQueue(table) ? 2 * windowMs + SWEEP_EVERY_MS : table.freshnessMs - SWEEP_EVERY_MS - windowMs;
}

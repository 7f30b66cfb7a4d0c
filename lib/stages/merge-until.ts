import type { ResolvedTable } from '../config/resolved';
import type { LakePorts } from '../ports/lake-ports';
import { type Merged, type MergeLimits, mergeNext } from './merge';

/** What a run of merges did. `last`: its last slice, undefined when nothing waited. */
export interface MergedUntil {
  readonly slices: readonly Merged[];
  readonly last: Merged | undefined;
  /** Time ran out before the table was seen to have nothing waiting. */
  readonly unfinished: boolean;
}

/**
 * Merges slice after slice, until nothing waits or the next may not end before `until` (milliseconds since 1970).
 * The next slice is taken to need twice as long as the slowest so far. One is merged in any case.
 */
export async function mergeUntil(
  ports: LakePorts,
  table: ResolvedTable,
  limits: MergeLimits,
  until: number,
): Promise<MergedUntil> {
  const slices: Merged[] = [];
  let slowest = 0;
  for (;;) {
    const from = ports.clock.now();
    const last = slices.at(-1);
    if (last && from + 2 * slowest >= until) return { slices, last, unfinished: true };
    const merged = await mergeNext(ports, table, limits);
    if (!merged) return { slices, last, unfinished: false };
    slices.push(merged);
    slowest = Math.max(slowest, ports.clock.now() - from);
  }
}

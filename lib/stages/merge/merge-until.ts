import type { ResolvedTable } from '../../config/resolved';
import { readCounter } from '../../ledger/counter';
import type { LakePorts } from '../../ports/lake-ports';
import { type Merged, mergeNext } from './merge';
import type { MergeLimits } from './slice';

/** What a run of merges did. `last`: its last slice, undefined when nothing waited. */
export interface MergedUntil {
  readonly slices: readonly Merged[];
  readonly last: Merged | undefined;
  /** Time ran out before what waited at the start was merged. */
  readonly unfinished: boolean;
}

/**
 * Merges slice after slice, until what waited at the start is merged or the next slice may not end before `until`
 * (milliseconds since 1970). The next slice is taken to need twice as long as the slowest so far. One is merged in any
 * case. What comes meanwhile has wake-ups of its own: merging it at once would make a merge of each file.
 */
export async function mergeUntil(
  ports: LakePorts,
  table: ResolvedTable,
  limits: MergeLimits,
  until: number,
): Promise<MergedUntil> {
  const slices: Merged[] = [];
  const waiting = (await readCounter(ports.items, table.name)).next - 1;
  let slowest = 0;
  for (;;) {
    const from = ports.clock.now();
    const last = slices.at(-1);
    if (last && last.through >= waiting) return { slices, last, unfinished: false };
    if (last && from + 2 * slowest >= until) return { slices, last, unfinished: true };
    const merged = await mergeNext(ports, table, limits);
    if (!merged) return { slices, last, unfinished: false };
    slices.push(merged);
    slowest = Math.max(slowest, ports.clock.now() - from);
  }
}

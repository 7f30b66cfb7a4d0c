import type { ResolvedTable } from '../../config/resolved';
import { readCounter } from '../../ledger/counter';
import type { LakePorts } from '../../ports/lake-ports';
import { type Merged, mergeNext } from './merge';
import { Pace } from './pace';
import type { After, MergeLimits } from './slice';

/** What a run of merges did. `last`: its last slice, undefined when none was merged whole. */
export interface MergedUntil {
  readonly slices: readonly Merged[];
  readonly last: Merged | undefined;
  /** Time ran out before what waited at the start was merged: what the next run goes on after. */
  readonly again?: After;
}

/**
 * Merges slice after slice, until what waited at the start is merged or the next slice may not end before `until`
 * (milliseconds since 1970). One is merged in any case, but for a load: of that a part is folded, and left for the next
 * run. What comes meanwhile has wake-ups of its own: merging it at once would make a merge of each file.
 */
export async function mergeUntil(
  ports: LakePorts,
  table: ResolvedTable,
  limits: MergeLimits,
  until: number,
): Promise<MergedUntil> {
  const slices: Merged[] = [];
  const waiting = (await readCounter(ports.items, table.name)).next - 1;
  const pace = new Pace(ports.clock, until);
  for (;;) {
    const last = slices.at(-1);
    if (last && last.through >= waiting) return { slices, last };
    if (last && pace.over) return { slices, last, again: { through: last.through, id: last.snapshotId } };
    const merged = await pace.step(() => mergeNext(ports, table, limits, pace));
    if (!merged) return { slices, last };
    if ('again' in merged) return { slices, last, again: merged.again };
    slices.push(merged);
  }
}

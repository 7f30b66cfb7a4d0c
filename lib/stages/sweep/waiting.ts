import type { ResolvedLake, ResolvedTable } from '../../config/resolved';
import { pausedSince } from '../../ledger/paused';
import { listWaiting } from '../../ledger/waiting';
import type { LakePorts } from '../../ports/lake-ports';
import type { WakeUps } from '../../ports/wake-ups';
import { patienceMs, SWEEP_EVERY_MS } from '../land/freshness';

/** A table that is overdue for so long is merged all the time, or cannot be: it is woken less often. */
const LONG_WAIT_MS = 3_600_000;
const LONG_WAIT_SWEEPS = 10;

export interface WaitingSweep {
  /** Tables whose merge was woken. */
  readonly woken: readonly string[];
  /** How far each waiting table is beyond what it allows, in milliseconds; a paused one too. */
  readonly behind: readonly { readonly table: ResolvedTable; readonly ms: number }[];
}

/**
 * Wakes the merge of every table whose deltas have waited for so long that their wake-up must be lost, or that is
 * only merged now and then. It reads the ledger's list of waiting tables, whatever their number. A paused one is left
 * alone: its merge would do nothing, and once it is resumed a sweep finds it here if the wake-up of `resume` was lost.
 */
export async function sweepWaiting(
  ports: LakePorts & { readonly wakeUps: Pick<WakeUps, 'merge'> },
  lake: ResolvedLake,
  windowMs: number,
): Promise<WaitingSweep> {
  const now = ports.clock.now();
  const woken: string[] = [];
  const behind: WaitingSweep['behind'][number][] = [];
  for (const { table: name, since } of await listWaiting(ports.items)) {
    const table = lake.tables.find(t => t.name === name);
    if (!table) continue;
    const waited = now - since;
    behind.push({ table, ms: Math.max(0, waited - table.freshnessMs) });
    const overdue = waited - patienceMs(table, windowMs);
    if (overdue < 0 || isResting(overdue)) continue;
    if ((await pausedSince(ports.items, name)) !== undefined) continue;
    await ports.wakeUps.merge(name);
    woken.push(name);
  }
  return { woken, behind };
}

function isResting(overdue: number): boolean {
  return overdue >= LONG_WAIT_MS && Math.floor(overdue / SWEEP_EVERY_MS) % LONG_WAIT_SWEEPS !== 0;
}

import { comparePositions } from '../../change/position';
import { type Counter, readCounter } from '../../ledger/counter';
import type { Delta } from '../../ledger/entries';
import { endTurn, type Range, takeTurn, type Who } from '../../ledger/turn';
import type { LakePorts } from '../../ports/lake-ports';

/** What a try stands on: the counter before anything is written, and the turn it has. */
export interface Try extends Omit<Who, 'now'> {
  readonly counter: Counter;
}

/** Deltas that others overtook between their writing and their numbering are written anew. */
export type Tried<T> = { readonly done: T } | { readonly outdated: readonly Delta[] };

/** How often a writer is overtaken before it takes a turn. */
const FREE_TRIES = 3;

const LEASE_MS_MIN = 10_000;

/**
 * Writes deltas and numbers them, until that is done. Most often once: a try is lost only where another writer's
 * entries with positions among these were numbered meanwhile. Some writers at once each lose a few tries; among very
 * many, or beside faster ones, a slow one might lose every time. After FREE_TRIES it therefore takes the table's turn,
 * and writes once more while nobody else numbers such positions (docs/decisions/0017). A turn lasts twice as long as
 * the slowest try so far, and twice as long again when it was too short.
 */
export async function untilNumbered<T>(
  ports: LakePorts,
  table: string,
  attempt: (on: Try) => Promise<Tried<T>>,
): Promise<T> {
  const { items, clock, ids } = ports;
  let turn: string | undefined;
  let leaseMs = LEASE_MS_MIN;
  try {
    for (let tries = 1; ; tries++) {
      const from = clock.now();
      const counter = await readCounter(items, table);
      const tried = await attempt(turn === undefined ? { counter } : { counter, turn });
      if ('done' in tried) return tried.done;
      const range = rangeOf(tried.outdated);
      if (tries < FREE_TRIES || !range) continue;
      leaseMs = Math.max(turn === undefined ? leaseMs : 2 * leaseMs, 2 * (clock.now() - from));
      const by = turn ?? ids.fresh();
      await takeTurn(ports, table, { by, range, leaseMs });
      turn = by;
    }
  } finally {
    if (turn !== undefined) await endTurn(ports, table, turn);
  }
}

function rangeOf(deltas: readonly Range[]): Range | undefined {
  return deltas.reduce<Range | undefined>(
    (all, { least, greatest }) => ({
      least: all && comparePositions(all.least, least) < 0 ? all.least : least,
      greatest: all && comparePositions(all.greatest, greatest) > 0 ? all.greatest : greatest,
    }),
    undefined,
  );
}

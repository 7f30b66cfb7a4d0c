import { comparePositions } from '../change/position';
import type { ItemAction, Items } from '../ports/items';
import { type Counter, counterValue, readCounter } from './counter';
import { type Delta, entriesAfter, entryItems } from './entries';
import { counterKey, entryKey } from './keys';
import { waitingAction } from './waiting';

/** The deltas of one source, and what the ledger said before they were written. */
export interface Written {
  readonly deltas: readonly Delta[];
  /** Read before the first delta was written: their rows bear its next number, counted on, in `_entry`. */
  readonly counter: Counter;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What a transaction that numbers deltas consists of, beside what its source adds; the first delta's number. */
export interface Numbering {
  readonly first: number;
  readonly actions: readonly ItemAction[];
}

/**
 * The actions that give deltas the next numbers: entries if absent, the counter if it is still the one read, and the
 * table among those with work to do. At most 92. A blocked transaction asks again.
 *
 * Undefined when the deltas must be written anew, under fresh names: vacuum may have had them meanwhile, or entries
 * with positions among theirs were numbered after their `_entry` was taken. Readers without the ledger order equal
 * positions by `_entry`; for them too the later entry must win (PROTOCOL.md, P1).
 */
export async function numberDeltas(
  items: Items,
  table: string,
  source: string,
  { deltas, counter: before, now }: Written,
): Promise<Numbering | undefined> {
  const counter = await readCounter(items, table);
  if (counter.vacuumCount !== before.vacuumCount) return undefined;
  if (await overtaken(items, table, deltas, before.next)) return undefined;
  const first = counter.next;
  const next = first + deltas.length;
  const entries = entryItems(deltas, source, first).map(({ n, value }) => ({
    put: entryKey(table, n),
    value,
    if: 'absent' as const,
  }));
  const moved: ItemAction = {
    put: counterKey(table),
    value: counterValue({ ...counter, next }),
    if: counter.version,
  };
  const waits = deltas.length > 0 ? [await waitingAction(items, table, { since: now, next })] : [];
  return { first, actions: [moved, ...entries, ...waits] };
}

/** Whether an entry from number `from` on may share a position with one of the deltas. TRUNCATEs have positions too. */
async function overtaken(
  items: Items,
  table: string,
  deltas: readonly Delta[],
  from: number,
): Promise<boolean> {
  for await (const entry of entriesAfter(items, table, from - 1)) {
    if (deltas.some(delta => overlap(delta, entry))) return true;
  }
  return false;
}

type Range = Pick<Delta, 'least' | 'greatest'>;

function overlap(a: Range, b: Range): boolean {
  return comparePositions(a.least, b.greatest) <= 0 && comparePositions(b.least, a.greatest) <= 0;
}

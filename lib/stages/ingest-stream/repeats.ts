import type { Counter } from '../../ledger/counter';
import { type EventRef, noteEvents, seenEvents } from '../../ledger/event-ids';
import type { ItemAction } from '../../ports/items';
import type { LakePorts } from '../../ports/lake-ports';
import type { BadRecord } from './settle-records';

interface MayBeEvent {
  readonly event?: EventRef;
}

/** Records without the events that came before; what their transaction adds and stands on. */
export interface FirstTimes<R> {
  readonly records: readonly R[];
  /** Among all that were given: the place of each. */
  readonly places: readonly number[];
  /** Notes those that are not bad. A bad one is not seen: it waits, and counts when it is taken in. */
  readonly note: (bad: readonly BadRecord[]) => ItemAction[];
  /** False: another writer has taken in one of them since. Whoever notes events moves the table's counter with them. */
  readonly stands: (counter: Counter['version']) => Promise<boolean>;
}

/**
 * Leaves out events that an entry of the table has a row of: their put was repeated after its answer was lost, so they
 * stand twice in the stream, in one shard or, after it was split, in two, where no cursor tells them apart (PROTOCOL.md, I8).
 * @param counter its version before this look: one that has not moved since says that nobody noted any
 */
export async function withoutRepeats<R extends MayBeEvent>(
  { items, ids, clock }: Pick<LakePorts, 'items' | 'ids' | 'clock'>,
  table: string,
  all: readonly R[],
  counter: Counter['version'],
): Promise<FirstTimes<R>> {
  const asked = eventsOf(all);
  const seen = new Set(await seenEvents(items, table, asked));
  const places: number[] = [];
  all.forEach(({ event }, i) => {
    if (event && seen.has(event.id)) return;
    if (event) seen.add(event.id);
    places.push(i);
  });
  const records = places.map(i => all[i]!);
  return {
    records,
    places,
    note: bad => {
      const left = new Set(bad.map(({ at }) => at));
      const taken = eventsOf(records.filter((_, i) => !left.has(i)));
      return noteEvents(table, taken, { name: ids.fresh(), now: clock.now() });
    },
    stands: async now => now === counter || (await seenEvents(items, table, eventsOf(records))).size === 0,
  };
}

function eventsOf(records: readonly MayBeEvent[]): EventRef[] {
  return records.flatMap(({ event }) => event ?? []);
}

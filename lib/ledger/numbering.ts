import type { ItemAction, Items } from '../ports/items';
import { type Counter, counterValue, readCounter } from './counter';
import { type Delta, entriesAfter, entryItems } from './entries';
import { counterKey, entryKey } from './keys';
import { isOthers, overlap, type Who } from './turn';
import { waitingAction } from './waiting';

/** The deltas of one source, and what stood when they were written. */
export interface Written {
  /** What the entries' source is. */
  readonly source: string;
  readonly deltas: readonly Delta[];
  /** `_entry` of the first delta's rows, the others count on: the next number, read before anything was written. */
  readonly entry: number;
  readonly vacuumCount: number;
  /** The log's schema that they were written for. They have all its columns. */
  readonly schema: number;
}

/** What a transaction that numbers deltas consists of, beside what their sources add; the first number of each. */
export interface Numbering {
  readonly firsts: readonly number[];
  readonly actions: readonly ItemAction[];
  /** The version of the table's counter that they stand on: with another one nothing of them is written. */
  readonly counter: Counter['version'];
}

/**
 * The actions that give the deltas of some sources the next numbers: entries if absent, the counter if it is still the
 * one read, and the table among those with work to do. Two, and one a delta, 90 a source at most. A blocked transaction
 * asks again.
 *
 * Nothing is numbered while some are outdated. Those must be written anew, under fresh names: vacuum may have had them
 * meanwhile; or entries with positions among theirs were numbered after their `_entry` was taken, or it is another
 * writer's turn to number such; or fewer come before them than their `_entry` counts. Readers without the ledger order
 * equal positions by `_entry`; for them too the later entry must win (PROTOCOL.md, P1).
 */
export async function numberDeltas(
  items: Items,
  table: string,
  written: readonly Written[],
  who: Who,
): Promise<Numbering | { readonly outdated: readonly Written[] }> {
  const counter = await readCounter(items, table);
  const firsts: number[] = [];
  let next = counter.next;
  for (const { deltas } of written) {
    firsts.push(next);
    next += deltas.length;
  }
  const overtaken = await overtakenOf(items, table, written);
  const outdated = written.filter(
    (one, i) =>
      one.vacuumCount !== counter.vacuumCount ||
      one.entry > firsts[i]! ||
      overtaken.has(one) ||
      isOthers(counter.turn, one.deltas, who),
  );
  if (outdated.length > 0) return { outdated };
  const entries = written.flatMap(({ deltas, source }, i) =>
    entryItems(deltas, { source, at: who.now }, firsts[i]!),
  );
  const puts = entries.map(({ n, value }) => ({ put: entryKey(table, n), value, if: 'absent' as const }));
  const value = counterValue({ ...withSchemas(counter, written, firsts), next });
  const moved: ItemAction = { put: counterKey(table), value, if: counter.version };
  const waits = entries.length > 0 ? [await waitingAction(items, table, { since: who.now, next })] : [];
  return { firsts, actions: [moved, ...puts, ...waits], counter: counter.version };
}

/** Those that an entry from their `_entry` on may share a position with. TRUNCATEs have positions too. */
async function overtakenOf(
  items: Items,
  table: string,
  written: readonly Written[],
): Promise<ReadonlySet<Written>> {
  const from = Math.min(...written.map(one => one.entry));
  const overtaken = new Set<Written>();
  if (written.every(one => one.deltas.length === 0)) return overtaken;
  for await (const entry of entriesAfter(items, table, from - 1)) {
    for (const one of written) {
      if (entry.n >= one.entry && one.deltas.some(delta => overlap(delta, entry))) overtaken.add(one);
    }
    if (overtaken.size === written.length) break;
  }
  return overtaken;
}

/** Notes which schemas the deltas have: a history view need not look at the log's files while none is new or old. */
function withSchemas(counter: Counter, written: readonly Written[], firsts: readonly number[]): Counter {
  let { schema, schemaMoved } = counter;
  for (const [i, one] of written.entries()) {
    if (one.deltas.length === 0 || one.schema === schema) continue;
    schema = Math.max(schema ?? one.schema, one.schema);
    schemaMoved = firsts[i]! + one.deltas.length - 1;
  }
  return schema === undefined || schemaMoved === undefined ? counter : { ...counter, schema, schemaMoved };
}

import type { ItemAction, Items, ItemValue } from '../ports/items';
import { counterValue, readCounter } from './counter';
import { readEntry } from './entries';
import { counterKey, WAITING_PARTITION, waitingKey } from './keys';

/** A table with entries that no merge has finished with: a sweep finds all of them by one query. */
export interface Waiting {
  readonly table: string;
  /** When the first of them was numbered, milliseconds since 1970; earlier only while a merge that died had no successor. */
  readonly since: number;
  /** The number that the next entry takes. */
  readonly next: number;
}

/** Goes into the transaction that numbers entries, so that no entry waits unlisted. Keeps the time of one that is there. */
export async function waitingAction(
  items: Items,
  table: string,
  { since, next }: Omit<Waiting, 'table'>,
): Promise<ItemAction> {
  const known = await items.get(waitingKey(table));
  const value: ItemValue = { since: (known?.value.since as number | undefined) ?? since, next };
  return { put: waitingKey(table), value };
}

/** Tables with work for a merge, by name. One may be listed whose merge died after its commit: then nothing waits. */
export async function listWaiting(items: Items): Promise<Waiting[]> {
  const found = await items.query(WAITING_PARTITION, '');
  return found.map(item => ({ ...(item.value as unknown as Omit<Waiting, 'table'>), table: item.sort }));
}

/** A merge that is beaten so often by writers leaves the rest to the next: the table is listed, if as of too early. */
const TRIES = 3;

/**
 * Notes that a table is merged through an entry: it goes off the list with the newest, else it waits since the first
 * entry beyond. The counter is a condition, and is put as it is: its versions never start again, whereas a list item that
 * was deleted and put anew has the version it had. Where an entry came meanwhile, its writer has listed the table.
 */
export async function noteMerged(items: Items, table: string, through: number): Promise<void> {
  for (let i = 0; i < TRIES; i++) {
    // First: whatever changes the list moves the counter.
    const counter = await readCounter(items, table);
    const listed = await items.get(waitingKey(table));
    if (!listed) return;
    const all = counter.next === through + 1;
    const first = all ? undefined : await readEntry(items, table, through + 1);
    if (!all && !(first && first.at > (listed.value.since as number))) return;
    const { done } = await items.transact([
      first
        ? { put: waitingKey(table), value: { since: first.at, next: counter.next } }
        : { delete: waitingKey(table) },
      { put: counterKey(table), value: counterValue(counter), if: counter.version },
    ]);
    if (done) return;
  }
}

import type { ItemAction, Items, ItemValue } from '../ports/items';
import { counterValue, readCounter } from './counter';
import { counterKey, WAITING_PARTITION, waitingKey } from './keys';

/** A table with entries that no merge has finished with: a sweep finds all of them by one query. */
export interface Waiting {
  readonly table: string;
  /** When the first of them was numbered, milliseconds since 1970. */
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

/**
 * Takes a table off the list that is merged through its newest entry. The counter is a condition, and is put as it
 * is: its versions never start again, whereas a list item that was deleted and put anew has the version it had.
 * Nothing happens when an entry came meanwhile: whoever numbered it has listed the table.
 */
export async function unlistWaiting(items: Items, table: string, through: number): Promise<void> {
  if (!(await items.get(waitingKey(table)))) return;
  const counter = await readCounter(items, table);
  if (counter.next !== through + 1) return;
  await items.transact([
    { delete: waitingKey(table) },
    { put: counterKey(table), value: counterValue(counter), if: counter.version },
  ]);
}

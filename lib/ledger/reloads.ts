import { formatPosition, type Position, parsePosition } from '../change/position';
import type { ItemAction, Items } from '../ports/items';
import { loadKey, quarantineKey, sourceKey } from './keys';
import { eachQuarantined, type Quarantined } from './quarantine';
import type { LoadRef, Seen, SourceRef } from './sources';

/** What waits since a LOAD object came again with other content: a second copy of the whole table (PROTOCOL.md, L). */
export interface Reload {
  /** The first of its objects, by its name in the layout. */
  readonly place: string;
  /** The greatest position that the ledger held then: what the copy says is newer. */
  readonly after: Position;
  /** The number that was next then. */
  readonly entry: number;
}

/** What the ledger held when a reload was first seen. */
export type Standing = Pick<Reload, 'after' | 'entry'>;

/** No object's name: those are paths. */
const HELD = '*';

/** The reload of a table that waits for `load --replace`. */
export async function heldReload(items: Items, table: string): Promise<Reload | undefined> {
  const item = await items.get(loadKey(table, HELD));
  if (!item) return undefined;
  const { place, after, entry } = item.value as unknown as Omit<Reload, 'after'> & { after: string };
  return { place, after: parsePosition(after), entry };
}

/**
 * Whether a LOAD object must wait: its name was taken in with other content, which is a reload, and from then on
 * every LOAD object of the table belongs to it (PROTOCOL.md, L).
 * @param standing what the ledger holds now, where nobody asked before
 */
export async function holdsLoad(
  items: Items,
  { table, load }: SourceRef,
  standing: () => Promise<Standing>,
): Promise<boolean> {
  if (load === undefined) return false;
  if (await items.get(loadKey(table, HELD))) return true;
  const claimed = await items.get(loadKey(table, load.place));
  if (!claimed || claimed.value.identity === load.identity) return false;
  const { after, entry } = await standing();
  const value = { place: load.place, after: formatPosition(after), entry };
  // Another object may have been the first: its word counts, it came before more changes did.
  await items.transact([{ put: loadKey(table, HELD), value, if: 'absent' }]);
  return true;
}

/** A LOAD object that came in with a load. */
export interface Reloaded extends LoadRef {
  readonly object: string;
  readonly rows: number;
  readonly dateReceived: string;
}

/**
 * Notes that a load took a reload's objects in, as its entry `n`: they wait no longer, and come again as seen. A crash
 * leaves some of them waiting; the same call goes on. Objects of yet another reload stay held.
 */
export async function endReload(
  items: Items,
  table: string,
  n: number,
  objects: readonly Reloaded[],
): Promise<void> {
  if (objects.length === 0) return;
  for (const { place, identity, object, rows, dateReceived } of objects) {
    const seen: Seen = { object, first: n, count: 1, rows, dateReceived };
    const actions: ItemAction[] = [
      { put: sourceKey(table, identity), value: { ...seen } },
      { put: loadKey(table, place), value: { identity } },
      { delete: quarantineKey(identity) },
    ];
    await items.transact(actions);
  }
  for await (const _ of heldObjects(items, table)) return;
  await items.transact([{ delete: loadKey(table, HELD) }]);
}

/** LOAD objects of a table that wait. */
export async function* heldObjects(items: Items, table: string): AsyncGenerator<Quarantined> {
  for await (const waiting of eachQuarantined(items)) {
    if (waiting.table === table && waiting.code === 'TM_2303') yield waiting;
  }
}

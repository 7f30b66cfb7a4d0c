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
  /** Which of the table's reloads it is, while any waits: from 1. */
  readonly count: number;
}

/** What the ledger held when a reload was first seen. */
export type Standing = Pick<Reload, 'after' | 'entry'>;

/** No object's name: those are paths. */
const HELD = '*';

/** The reload of a table that waits for `load --replace`. */
export async function heldReload(items: Items, table: string): Promise<Reload | undefined> {
  const item = await items.get(loadKey(table, HELD));
  if (!item) return undefined;
  const { after, ...reload } = item.value as unknown as Omit<Reload, 'after'> & { after: string };
  return { ...reload, after: parsePosition(after) };
}

/**
 * Whether a LOAD object must wait: its name was taken in with other content, which is a reload, and from then on
 * every LOAD object of the table belongs to it (PROTOCOL.md, L). One whose name waits with other content already is of yet
 * another reload, which takes the place of the one before.
 * @param standing what the ledger holds now, where a reload was not heard of before
 */
export async function holdsLoad(
  items: Items,
  { table, load }: SourceRef,
  standing: () => Promise<Standing>,
): Promise<boolean> {
  if (load === undefined) return false;
  for (;;) {
    const held = await items.get(loadKey(table, HELD));
    if (!held) {
      const claimed = await items.get(loadKey(table, load.place));
      if (!claimed || claimed.value.identity === load.identity) return false;
    }
    const waits = await items.get(waitsKey(table, load.place));
    const known = (held?.value.count as number | undefined) ?? 0;
    if (held && waits?.value.identity === load.identity) return true;
    const anew = !held || waits?.value.count === known;
    const count = anew ? known + 1 : known;
    const actions: ItemAction[] = [
      {
        put: waitsKey(table, load.place),
        value: { identity: load.identity, count },
        if: waits?.version ?? 'absent',
      },
    ];
    if (anew) {
      const { after, entry } = await standing();
      const value = { place: load.place, after: formatPosition(after), entry, count };
      actions.push({ put: loadKey(table, HELD), value, if: held?.version ?? 'absent' });
    }
    if ((await items.transact(actions)).done) return true;
  }
}

/** Which content waits under a LOAD object's name, and of which reload. */
const waitsKey = (table: string, place: string) => loadKey(table, `${HELD}${place}`);

/** A LOAD object that came in with a load. */
export interface Reloaded extends LoadRef {
  readonly object: string;
  readonly rows: number;
  readonly dateReceived: string;
}

/**
 * Notes that a load took a reload's objects in: they wait no longer, and come again as seen. A crash leaves some of them
 * waiting; the same call goes on. A reload that was heard of since stays held.
 * @param load its number, and which reload it was begun for
 */
export async function endReload(
  items: Items,
  table: string,
  load: { readonly n: number; readonly reload?: number },
  objects: readonly Reloaded[],
): Promise<void> {
  if (objects.length === 0) return;
  for (const { place, identity, object, rows, dateReceived } of objects) {
    const seen: Seen = { object, first: load.n, count: 1, rows, dateReceived };
    const waits = await items.get(waitsKey(table, place));
    const actions: ItemAction[] = [
      { put: sourceKey(table, identity), value: { ...seen } },
      { put: loadKey(table, place), value: { identity } },
      { delete: quarantineKey(identity) },
    ];
    if (waits?.value.identity === identity) actions.push({ delete: waitsKey(table, place) });
    await items.transact(actions);
  }
  const held = await items.get(loadKey(table, HELD));
  if (held && held.value.count === load.reload)
    await items.transact([{ delete: loadKey(table, HELD), if: held.version }]);
}

/** LOAD objects of a table that wait. */
export async function* heldObjects(items: Items, table: string): AsyncGenerator<Quarantined> {
  for await (const waiting of eachQuarantined(items)) {
    if (waiting.table === table && waiting.code === 'TM_2303') yield waiting;
  }
}

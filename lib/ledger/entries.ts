import type { Position } from '../change/position';
import { formatPosition, parsePosition } from '../change/position';
import type { Item, Items, ItemValue } from '../ports/items';
import { ENTRY_PREFIX, entryKey, tablePartition } from './keys';

/** A delta as it is written, before it has a number. */
export interface Delta {
  /** A fresh name; rows of the log bear it in `_source`. */
  readonly name: string;
  /** The object's key in the lake's store. */
  readonly key: string;
  readonly rows: number;
  readonly bytes: number;
  /** Bytes of its columns in memory: what a merge takes on. */
  readonly memory: number;
  /** SHA-256 of the object's bytes, hex: a flipped byte in a data page would read as another value, silently. */
  readonly sha256: string;
  readonly least: Position;
  readonly greatest: Position;
  /** `YYYY-MM-DD` in the lake's timezone. */
  readonly dateReceived: string;
  /** Whether any row of it lacks columns (PROTOCOL.md, I6). */
  readonly partial: boolean;
  readonly truncates: number;
}

/** What has a number in a table's log (PROTOCOL.md, N). */
export interface Entry extends Delta {
  readonly n: number;
  readonly kind: 'delta';
  /** The identity of the source object it came from. */
  readonly source: string;
}

function entryValue(delta: Delta, source: string): ItemValue {
  const { least, greatest, ...plain } = delta;
  return {
    ...plain,
    kind: 'delta',
    source,
    least: formatPosition(least),
    greatest: formatPosition(greatest),
  };
}

/** Ledger items for the deltas of one source, numbered from `first`: one a delta, or packs that bear their last number. */
export function entryItems(
  deltas: readonly Delta[],
  source: string,
  first: number,
): { n: number; value: ItemValue }[] {
  const packed = Math.ceil(deltas.length / ENTRY_ITEMS_MAX);
  const items: { n: number; value: ItemValue }[] = [];
  for (let i = 0; i < deltas.length; i += packed) {
    const pack = deltas.slice(i, i + packed).map(delta => entryValue(delta, source));
    items.push({ n: first + i + pack.length - 1, value: pack.length === 1 ? pack[0]! : { pack } });
  }
  return items;
}

/** One transaction numbers a whole source, whatever its size: beyond this many deltas several share an item. */
const ENTRY_ITEMS_MAX = 90;

type EntryText = Omit<Entry, 'least' | 'greatest' | 'n'> & {
  readonly least: string;
  readonly greatest: string;
};

function entriesOf(item: Item): Entry[] {
  const last = Number(item.sort.slice(ENTRY_PREFIX.length));
  const pack = (item.value.pack ?? [item.value]) as unknown as EntryText[];
  return pack.map((value, i) => ({
    ...value,
    n: last - pack.length + 1 + i,
    least: parsePosition(value.least),
    greatest: parsePosition(value.greatest),
  }));
}

export async function readEntry(items: Items, table: string, n: number): Promise<Entry | undefined> {
  const after = entryKey(table, n - 1).sort;
  const [item] = await items.query(tablePartition(table), ENTRY_PREFIX, { after, limit: 1 });
  return item && entriesOf(item).find(entry => entry.n === n);
}

const PAGE = 500;

/** Entries with numbers after `after`, in order, up to the first gap. */
export async function* entriesAfter(items: Items, table: string, after: number): AsyncGenerator<Entry> {
  let last = after;
  for (;;) {
    const page = await items.query(tablePartition(table), ENTRY_PREFIX, {
      after: entryKey(table, last).sort,
      limit: PAGE,
    });
    for (const entry of page.flatMap(entriesOf)) {
      if (entry.n <= last) continue;
      if (entry.n !== last + 1) return;
      yield entry;
      last = entry.n;
    }
    if (page.length < PAGE) return;
  }
}

/** The entries 1..through, by the name their rows bear in `_source`. */
export async function entryNumbers(
  items: Items,
  table: string,
  through: number,
): Promise<Map<string, Entry>> {
  const byName = new Map<string, Entry>();
  for await (const entry of entriesAfter(items, table, 0)) {
    if (entry.n > through) break;
    byName.set(entry.name, entry);
  }
  return byName;
}

import type { Position } from '../change/position';
import { formatPosition, parsePosition } from '../change/position';
import type { Item, ItemAction, Items, ItemValue } from '../ports/items';
import { ENTRY_PREFIX, entryKey, tablePartition } from './keys';

/** A delta as it is written, before it has a number; a load by the manifest of its files. */
export interface Delta {
  /** A fresh name; rows of the log bear it in `_source`. */
  readonly name: string;
  /** The object's key in the lake's store: the delta, or the load's manifest. */
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

/** A delta, a load, or a load that replaces all before its position: its files begin with a TRUNCATE. */
export type EntryKind = 'delta' | 'load' | 'replace';

/** What has a number in a table's log (PROTOCOL.md, N). */
export interface Entry extends Delta {
  readonly n: number;
  readonly kind: EntryKind;
  /** The identity of the source object it came from. */
  readonly source: string;
  /** When it was numbered, milliseconds since 1970. */
  readonly at: number;
  /** Where its rows stand since compaction of the log joined its delta with others: the delta may be gone. */
  readonly joined?: Joined;
}

/** An entry's rows in a file of many: rows `first` .. `first` + rows - 1. */
export interface Joined {
  readonly key: string;
  /** The file's size. */
  readonly bytes: number;
  readonly first: number;
}

/** Where an entry's rows stand now, if they stood in that file of many before; without one, in its own delta. */
export interface Mark extends Joined {
  readonly instead?: string;
}

/** Where deltas came from, and when they were numbered. */
export type Origin = Pick<Entry, 'source' | 'at'>;

/** Whether the entry's rows stand in the files of a load, not in a delta. */
export function isLoad({ kind }: Entry): boolean {
  return kind !== 'delta';
}

export function entryValue(delta: Delta, origin: Origin, kind: EntryKind = 'delta'): ItemValue {
  const { least, greatest, ...plain } = delta;
  return {
    ...plain,
    kind,
    ...origin,
    least: formatPosition(least),
    greatest: formatPosition(greatest),
  };
}

/** Ledger items for the deltas of one source, numbered from `first`: one a delta, or packs that bear their last number. */
export function entryItems(
  deltas: readonly Delta[],
  origin: Origin,
  first: number,
): { n: number; value: ItemValue }[] {
  const packed = Math.ceil(deltas.length / ENTRY_ITEMS_MAX);
  const items: { n: number; value: ItemValue }[] = [];
  for (let i = 0; i < deltas.length; i += packed) {
    const pack = deltas.slice(i, i + packed).map(delta => entryValue(delta, origin));
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
  const pack = packOf(item);
  return pack.map((value, i) => ({
    ...value,
    n: firstOf(item, pack) + i,
    least: parsePosition(value.least),
    greatest: parsePosition(value.greatest),
  }));
}

function packOf(item: Item): EntryText[] {
  return (item.value.pack ?? [item.value]) as unknown as EntryText[];
}

function firstOf(item: Item, pack: readonly EntryText[]): number {
  return Number(item.sort.slice(ENTRY_PREFIX.length)) - pack.length + 1;
}

export async function readEntry(items: Items, table: string, n: number): Promise<Entry | undefined> {
  const after = entryKey(table, n - 1).sort;
  const [item] = await items.query(tablePartition(table), ENTRY_PREFIX, { after, limit: 1 });
  return item && entriesOf(item).find(entry => entry.n === n);
}

const PAGE = 500;

/** Entries with numbers after `after`, in order: those of `limit` items of the ledger. Fewer when there are no more. */
export async function entriesPage(
  items: Items,
  table: string,
  after: number,
  limit: number,
): Promise<Entry[]> {
  const options = { after: entryKey(table, after).sort, limit };
  const page = await items.query(tablePartition(table), ENTRY_PREFIX, options);
  return page.flatMap(entriesOf).filter(entry => entry.n > after);
}

/** The newest entries, the last one first: those of `limit` items of the ledger. */
export async function lastEntries(items: Items, table: string, limit: number): Promise<Entry[]> {
  const page = await items.query(tablePartition(table), ENTRY_PREFIX, { reverse: true, limit });
  return page.flatMap(item => entriesOf(item).reverse());
}

/** Entries with numbers after `after`, in order, up to the first gap. */
export async function* entriesAfter(items: Items, table: string, after: number): AsyncGenerator<Entry> {
  let last = after;
  for (;;) {
    const page = await entriesPage(items, table, last, PAGE);
    for (const entry of page) {
      if (entry.n !== last + 1) return;
      yield entry;
      last = entry.n;
    }
    if (page.length < PAGE) return;
  }
}

/** Items of one transaction: a pack may have 350 kB, a transaction 4 MB. */
const MARKED_ITEMS_MAX = 10;

/**
 * Notes where the rows of joined entries stand now, some entries a transaction. A crash between two leaves entries
 * that name their deltas still; the same call again, or that of another compaction, notes the rest.
 */
export async function markJoined(
  items: Items,
  table: string,
  marks: ReadonlyMap<number, Mark>,
): Promise<void> {
  const numbers = [...marks.keys()].sort((a, b) => a - b);
  while (numbers.length > 0) {
    const after = entryKey(table, numbers[0]! - 1).sort;
    const found = await items.query(tablePartition(table), ENTRY_PREFIX, { after, limit: MARKED_ITEMS_MAX });
    const last = found.at(-1);
    if (!last) return;
    const actions = found.flatMap(item => markAction(item, marks));
    const result = actions.length > 0 ? await items.transact(actions) : { done: true };
    if (!result.done) continue;
    const through = firstOf(last, packOf(last)) + packOf(last).length - 1;
    while (numbers.length > 0 && numbers[0]! <= through) numbers.shift();
  }
}

function markAction(item: Item, marks: ReadonlyMap<number, Mark>): ItemAction[] {
  const pack = packOf(item);
  const first = firstOf(item, pack);
  const marked = pack.map((entry, i) => {
    const mark = marks.get(first + i);
    if (!mark || entry.joined?.key !== mark.instead) return entry;
    const { instead: _, ...joined } = mark;
    return { ...entry, joined };
  });
  if (marked.every((entry, i) => entry === pack[i])) return [];
  const value = (item.value.pack ? { pack: marked } : marked[0]) as unknown as ItemValue;
  return [{ put: { partition: item.partition, sort: item.sort }, value, if: item.version }];
}

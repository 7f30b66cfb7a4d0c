import type { Item, ItemAction, ItemKey, Items, ItemValue } from '../ports/items';
import type { Counter } from './counter';
import { cursorKey, cursorPrefix, shardKey, tablePartition } from './keys';
import { numberDeltas, type Written } from './numbering';
import type { Who } from './turn';

/** A stream as the ledger knows it: one made anew under an old name numbers its records anew (PROTOCOL.md, I5). */
export interface StreamRef {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export const streamId = ({ name, createdAt }: StreamRef) => `${name}@${createdAt}`;

/** A shard of a stream. */
export interface ShardRef {
  readonly stream: StreamRef;
  readonly shard: string;
}

/** How far a shard was read, and what its records' positions count on from. */
export interface StreamCursor {
  /** Records at or below it were dealt with; undefined before the first. */
  readonly sequence: string | undefined;
  /** The greatest arrival, UTC micros: later records stand no lower (PROTOCOL.md, P). */
  readonly arrival: bigint;
  /** How many records were counted, those in quarantine among them. */
  readonly count: number;
  /** What the table's positions are made of; undefined before the first. */
  readonly scale?: Scale;
}

/** Positions of two kinds do not compare; a new source generation begins anew (PROTOCOL.md, P5). */
export interface Scale {
  readonly kind: 'clock' | 'binlog';
  readonly generation: number;
}

export interface StoredCursor extends StreamCursor {
  /** The condition of whoever moves it. */
  readonly version: number | 'absent';
}

const START: StoredCursor = { sequence: undefined, arrival: 0n, count: 0, version: 'absent' };

/** Sequence numbers have up to 56 digits, more than a number holds: by length, then as text (PROTOCOL.md, P4). */
export function compareSequences(a: string, b: string): number {
  const [x, y] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  if (x.length !== y.length) return x.length - y.length;
  return x < y ? -1 : x > y ? 1 : 0;
}

export function isAfter(sequence: string, cursor: StreamCursor): boolean {
  return cursor.sequence === undefined || compareSequences(sequence, cursor.sequence) > 0;
}

/**
 * The shards of a stream, asked for only where one is new to the ledger; `numbered`: each is the child of the one before
 * it, in the order of their ids, and the ledger is asked alone.
 */
export type StreamShards =
  | 'numbered'
  | (() => Promise<readonly { readonly id: string; readonly parents: readonly string[] }[]>);

/**
 * The cursor of (shard, table). A shard that is new to the table counts on from its parents', whose records of the
 * same key came before. A table that is new to the shard begins behind the records that were put aside while nobody
 * had declared the table, and stands no lower: they wait in quarantine, and a replay must not overtake what came later.
 */
export async function tableCursor(
  items: Items,
  at: ShardRef,
  table: string,
  shards: StreamShards,
): Promise<StoredCursor> {
  const key = (shard: string) => cursorKey(table, streamId(at.stream), shard);
  const own = await readCursor(items, key(at.shard));
  if (own) return own;
  const aside = await shardCursor(items, at, shards);
  const parents = await nearestAncestors(items, at.shard, shards, key);
  return highest([{ ...aside, count: 0 }, ...parents], aside.sequence);
}

/** How far each shard of a stream was read for a table, by the shard's id. */
export function cursorsOf(items: Items, stream: StreamRef, table: string) {
  return cursorsBehind(items, cursorPrefix(streamId(stream)), table);
}

/** The same of all streams that ever had a name, by what is behind it. */
export function cursorsOfName(items: Items, name: string, table: string) {
  return cursorsBehind(items, cursorPrefix(name).replace(/#$/, '@'), table);
}

async function cursorsBehind(
  items: Items,
  prefix: string,
  table: string,
): Promise<ReadonlyMap<string, StreamCursor>> {
  const cursors = new Map<string, StreamCursor>();
  for (let after: string | undefined; ; ) {
    const from = after === undefined ? {} : { after };
    const page = await items.query(tablePartition(table), prefix, { limit: PAGE, ...from });
    for (const item of page) cursors.set(item.sort.slice(prefix.length), cursorIn(item));
    if (page.length < PAGE) return cursors;
    after = page.at(-1)!.sort;
  }
}

const PAGE = 500;

/** What the positions of the table's records of this shard are made of, as far as any came. */
export async function scaleOf(items: Items, at: ShardRef, table: string): Promise<Scale | undefined> {
  return (await readCursor(items, cursorKey(table, streamId(at.stream), at.shard)))?.scale;
}

/** The cursor of a shard's records that are no table's. */
export async function shardCursor(items: Items, at: ShardRef, shards: StreamShards): Promise<StoredCursor> {
  const key = (shard: string) => shardKey(streamId(at.stream), shard);
  const own = await readCursor(items, key(at.shard));
  return own ?? highest(await nearestAncestors(items, at.shard, shards, key), undefined);
}

/** The cursors of the nearest ancestors that have one: a parent without records of the table has none. */
async function nearestAncestors(
  items: Items,
  shard: string,
  shards: StreamShards,
  key: (shard: string) => ItemKey,
): Promise<StreamCursor[]> {
  if (shards === 'numbered') {
    const { partition, sort } = key(shard);
    const prefix = sort.slice(0, -shard.length);
    return (await items.query(partition, prefix, { after: sort, reverse: true, limit: 1 })).map(cursorIn);
  }
  const byId = new Map((await shards()).map(({ id, parents }) => [id, parents]));
  const found: StreamCursor[] = [];
  const asked = new Set<string>();
  for (let ids = byId.get(shard) ?? []; ids.length > 0; ) {
    const next: string[] = [];
    for (const id of ids) {
      if (asked.has(id)) continue;
      asked.add(id);
      const cursor = await readCursor(items, key(id));
      if (cursor) found.push(cursor);
      else next.push(...(byId.get(id) ?? []));
    }
    ids = next;
  }
  return found;
}

/** Where a new shard begins. Sequence numbers are compared within their shard alone, so none is taken over. */
function highest(cursors: readonly StreamCursor[], sequence: string | undefined): StoredCursor {
  const arrival = cursors.reduce((max, c) => later(max, c.arrival), START.arrival);
  const count = Math.max(START.count, ...cursors.map(c => c.count));
  const scale = cursors.find(c => c.scale)?.scale;
  return { sequence, arrival, count, version: START.version, ...(scale ? { scale } : {}) };
}

/** The later of two arrivals. */
export function later(a: bigint, b: bigint): bigint {
  return a < b ? b : a;
}

async function readCursor(items: Items, key: ItemKey): Promise<StoredCursor | undefined> {
  const item = await items.get(key);
  return item && cursorIn(item);
}

function cursorIn({ value: { sequence, arrival, count, scale }, version }: Item): StoredCursor {
  return {
    sequence: (sequence as string | null) ?? undefined,
    arrival: BigInt(arrival as string),
    count: count as number,
    version,
    ...(scale ? { scale: scale as unknown as Scale } : {}),
  };
}

/** Moves the cursor of (shard, table), or of the shard, if it is still the one that was read. */
export function cursorAction(
  at: ShardRef,
  table: string | undefined,
  before: StoredCursor,
  next: StreamCursor,
): ItemAction {
  const id = streamId(at.stream);
  const key = table === undefined ? shardKey(id, at.shard) : cursorKey(table, id, at.shard);
  const value: ItemValue = {
    sequence: next.sequence ?? null,
    arrival: String(next.arrival),
    count: next.count,
    ...(next.scale ? { scale: { ...next.scale } } : {}),
  };
  return { put: key, value, if: before.version };
}

/** guarded: the guard's condition failed, so somebody has dealt with these records. outdated: write the deltas anew. */
export type RecordedBatch =
  | { readonly outcome: 'recorded'; readonly first: number }
  | { readonly outcome: 'guarded' }
  | { readonly outcome: 'outdated' };

export interface RecordedRecords {
  readonly table: string;
  /** The action whose condition makes the records count once: a cursor that moves, a quarantine record that goes. */
  readonly guard: ItemAction;
  readonly beside: readonly ItemAction[];
  /** Whether what was read before stands, now that the table's counter has this version. Default: it does. */
  readonly stands?: (counter: Counter['version']) => Promise<boolean>;
}

/**
 * The one transaction of a table's records: entries numbered, the guard passed, what was put aside noted. A crash
 * before it leaves objects that nothing names; after it the records are dealt with, and a repeat finds them so.
 */
export async function recordRecords(
  items: Items,
  { table, guard, beside, stands }: RecordedRecords,
  written: Written,
  who: Who,
): Promise<RecordedBatch> {
  for (;;) {
    const numbering = await numberDeltas(items, table, [written], who);
    if ('outdated' in numbering) return { outcome: 'outdated' };
    if (stands && !(await stands(numbering.counter))) return { outcome: 'outdated' };
    const result = await items.transact([guard, ...beside, ...numbering.actions]);
    if (result.done) return { outcome: 'recorded', first: numbering.firsts[0]! };
    if (result.blocked.includes(0)) return { outcome: 'guarded' };
  }
}

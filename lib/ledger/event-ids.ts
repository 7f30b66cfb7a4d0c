import { createHash } from 'node:crypto';
import { type Item, type ItemAction, type Items, TRANSACT_ACTIONS_MAX } from '../ports/items';
import { EVENT_IDS_PREFIX, eventIdsKey, eventIdsPartition } from './keys';

/** An event as its intake named it. */
export interface EventRef {
  readonly id: string;
  /** Milliseconds since 1970: what repeats an event repeats this too. */
  readonly receivedAt: number;
}

/** Ids of one item were received within one hour: a look-up knows where it may stop. */
const HOUR_MS = 3_600_000;
/** Of an id's hash: among 10^12 ids of a table two share it with a chance of 10^-5. */
const HASH_BYTES = 12;
/** 160 kB of an item's 350. */
const ITEM_IDS_MAX = 10_000;
const PAGE = 20;
/** Hours that the events of one transaction may be of: an item each, of the hundred actions that it has. */
const EVENT_HOURS_MAX = 24;

const hourOf = ({ receivedAt }: EventRef) => Math.floor(receivedAt / HOUR_MS);

function byHour(events: readonly EventRef[]): Map<number, EventRef[]> {
  const hours = new Map<number, EventRef[]>();
  for (const event of events) {
    const hour = hours.get(hourOf(event));
    if (hour) hour.push(event);
    else hours.set(hourOf(event), [event]);
  }
  return hours;
}

/** The records in runs, of which one transaction can note all events. */
export function notableRuns<R extends { readonly event?: EventRef }>(records: readonly R[]): R[][] {
  const runs: R[][] = [];
  let hours = new Set<number>();
  for (const record of records) {
    const hour = record.event && hourOf(record.event);
    const isNew = hour !== undefined && !hours.has(hour);
    if (runs.length === 0 || (isNew && hours.size === EVENT_HOURS_MAX)) {
      runs.push([]);
      hours = new Set();
    }
    runs.at(-1)!.push(record);
    if (hour !== undefined) hours.add(hour);
  }
  return runs;
}

/**
 * The ids among these that entries of the table have rows of. Whatever shard, stream or replay brought them: they stand
 * by the time of their last one, which is the events' own, so that few items are read where nothing is late.
 */
export async function seenEvents(
  items: Items,
  table: string,
  events: readonly EventRef[],
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  if (events.length === 0) return found;
  const asked = new Map(events.map(event => [hashOf(event.id).toString('latin1'), event.id]));
  for (const [hour, own] of byHour(events)) {
    const from = own.reduce((least, e) => Math.min(least, e.receivedAt), Number.POSITIVE_INFINITY);
    for await (const { value } of itemsBetween(items, table, from, (hour + 1) * HOUR_MS)) {
      const hashes = Buffer.from(value.ids as string, 'base64').toString('latin1');
      for (let at = 0; at < hashes.length; at += HASH_BYTES) {
        const id = asked.get(hashes.slice(at, at + HASH_BYTES));
        if (id !== undefined) found.add(id);
      }
    }
  }
  return found;
}

/** Items whose last id was received in [from, to). */
async function* itemsBetween(items: Items, table: string, from: number, to: number): AsyncGenerator<Item> {
  const partition = eventIdsPartition(table);
  const end = eventIdsKey(table, to, '').sort;
  for (let after = eventIdsKey(table, from, '').sort; ; ) {
    const page = await items.query(partition, EVENT_IDS_PREFIX, { after, limit: PAGE });
    for (const item of page) {
      if (item.sort >= end) return;
      yield item;
    }
    if (page.length < PAGE) return;
    after = page.at(-1)!.sort;
  }
}

/**
 * Notes events whose rows a transaction numbers, within it: in items of their own, so that no two writers want the same.
 * @param name fresh: part of the items' names
 * @param now milliseconds since 1970: from then on they are kept
 */
export function noteEvents(
  table: string,
  events: readonly EventRef[],
  { name, now }: { readonly name: string; readonly now: number },
): ItemAction[] {
  return [...byHour(events).values()].flatMap(hour => {
    const chunks = Array.from({ length: Math.ceil(hour.length / ITEM_IDS_MAX) }, (_, i) =>
      hour.slice(i * ITEM_IDS_MAX, (i + 1) * ITEM_IDS_MAX),
    );
    return chunks.map((chunk, i): ItemAction => {
      const last = chunk.reduce((max, e) => Math.max(max, e.receivedAt), 0);
      const ids = Buffer.concat(chunk.map(e => hashOf(e.id))).toString('base64');
      return { put: eventIdsKey(table, last, `${name}#${i}`), value: { ids, at: now }, if: 'absent' };
    });
  });
}

/**
 * Forgets the ids that were noted before a time: what still comes again after that counts twice. A crash within leaves
 * some for the next run. Answers how many items went.
 * @param over whether it is time to hand back
 */
export async function forgetEvents(
  items: Items,
  table: string,
  before: number,
  over: () => boolean = () => false,
): Promise<number> {
  let gone = 0;
  let old: ItemAction[] = [];
  const forget = async () => {
    await items.transact(old);
    gone += old.length;
    old = [];
  };
  for await (const { partition, sort, value } of itemsBetween(items, table, 0, before)) {
    if (over()) break;
    if ((value.at as number) < before) old.push({ delete: { partition, sort } });
    if (old.length === TRANSACT_ACTIONS_MAX) await forget();
  }
  if (old.length > 0) await forget();
  return gone;
}

function hashOf(id: string): Buffer {
  return createHash('sha256').update(id).digest().subarray(0, HASH_BYTES);
}

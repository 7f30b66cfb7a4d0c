import { formatPosition, type Position, parsePosition } from '../change/position';
import type { Item, ItemAction, Items, ItemValue } from '../ports/items';
import { type Counter, counterValue, readCounter } from './counter';
import { type Delta, type Entry, entriesAfter, entryValue } from './entries';
import {
  counterKey,
  entryKey,
  LOADED_PREFIX,
  loadedKey,
  loadingKey,
  pausedKey,
  recipeKey,
  tablePartition,
} from './keys';
import { overlap } from './turn';
import { waitingAction } from './waiting';

/** Where a copy is, so that whoever goes on with its load can open it again. */
export interface CopyPlace {
  /**
   * export: the folder of an RDS or Aurora export. manifest: the summary of one. dms: folders of a DMS task's LOAD objects.
   * files: files, and folders of files.
   */
  readonly kind: 'files' | 'export' | 'manifest' | 'dms';
  /** Absolute paths, or addresses. */
  readonly at: readonly string[];
  /** The table as the copy calls it. */
  readonly table: string;
}

/** A load of a table: one is under way at most. */
export interface Load {
  /** A fresh name: rows of the load bear it in `_source`, its files in their names. */
  readonly id: string;
  /** Which of the table's loads it is, from 1. */
  readonly ordinal: number;
  /** Whether rows that the copy lacks go. */
  readonly replaces: boolean;
  /** The position of all its rows. */
  readonly position: Position;
  /** The source generation of its position, and of the changes that follow. */
  readonly generation: number;
  /** The `_entry` that its rows bear: at or before the number that it gets. */
  readonly entry: number;
  /** `YYYY-MM-DD` in the lake's timezone. */
  readonly dateReceived: string;
  /** When it was begun, milliseconds since 1970. */
  readonly at: number;
  readonly copy: CopyPlace;
  /** Of the copy's files. */
  readonly fingerprint: string;
  /** Whether the table's merges wait for it: until then nobody should see changes without what they change. */
  readonly holds: boolean;
  readonly state: 'open' | 'committed' | 'abandoned';
  /** Which reload of DMS it was begun for, if one waited (lib/ledger/reloads.ts). */
  readonly reload?: number;
  /** The number of its entry. */
  readonly n?: number;
}

/** A load as it stands in the ledger; `version` is the condition of whoever moves it. */
export interface StandingLoad {
  readonly load: Load;
  readonly version: number;
}

/**
 * Notes by which recipe the steps of a load are done: who looks at its tasks need not look at the copy. The last call
 * counts; a crash before it leaves no tasks either.
 */
export async function noteRecipe(items: Items, load: string, recipe: string): Promise<void> {
  await items.transact([{ put: recipeKey(load), value: { recipe } }]);
}

/** Undefined: its steps are not planned yet. */
export async function notedRecipe(items: Items, load: string): Promise<string | undefined> {
  return (await items.get(recipeKey(load)))?.value.recipe as string | undefined;
}

/** The load that is under way. */
export async function openLoad(items: Items, table: string): Promise<StandingLoad | undefined> {
  const item = await items.get(loadingKey(table));
  return item && { load: loadOf(item), version: item.version };
}

/** Loads that are committed or given up, the newest first. */
export async function pastLoads(items: Items, table: string, limit: number): Promise<Load[]> {
  return (await items.query(tablePartition(table), LOADED_PREFIX, { limit, reverse: true })).map(loadOf);
}

/**
 * Notes a load as begun; `planned` is made after the counter was read, which is a condition: it knows all that has a
 * number. A load that holds pauses the table in the same transaction. Undefined: another load is under way.
 */
export async function beginLoad(
  items: Items,
  table: string,
  planned: (counter: Counter) => Promise<Load>,
): Promise<StandingLoad | undefined> {
  for (;;) {
    const counter = await readCounter(items, table);
    const load = await planned(counter);
    const moved = counterValue({ ...counter, loads: load.ordinal, generation: load.generation });
    const actions: ItemAction[] = [
      { put: loadingKey(table), value: loadValue(load), if: 'absent' },
      { put: counterKey(table), value: moved, if: counter.version },
    ];
    if (load.holds)
      actions.push({ put: pausedKey(table), value: { at: load.at, load: load.id }, if: 'absent' });
    const result = await items.transact(actions);
    if (result.done) return { load, version: 1 };
    if (result.blocked.includes(0)) return undefined;
    // Somebody paused the table: it stays so, and the load does not end it.
    if (result.blocked.includes(2))
      return beginLoad(items, table, async now => ({ ...(await planned(now)), holds: false }));
  }
}

/** What became of numbering a load. gone: it was given up, or committed, by another. met: a change stands at its position. */
export type NumberedLoad = { readonly n: number } | { readonly gone: true } | { readonly met: Entry };

/**
 * Gives a load its number: one transaction makes it part of the log, and ends its hold. A crash before it leaves the load
 * under way; after it the next merge takes it in.
 *
 * The `_entry` of its rows was settled when it began. No entry that was numbered since may have a change at exactly the
 * load's position: readers without the ledger would take the other for the later one (PROTOCOL.md, P1).
 * @param meets whether an entry, whose positions lie around the load's, has a change there
 */
export async function numberLoad(
  items: Items,
  table: string,
  { load, version }: StandingLoad,
  files: Delta,
  { now, meets }: { readonly now: number; meets(entry: Entry): Promise<boolean> },
): Promise<NumberedLoad> {
  for (let looked = load.entry - 1; ; ) {
    const counter = await readCounter(items, table);
    const n = counter.next;
    for await (const entry of entriesAfter(items, table, looked)) {
      // Another commit of this very load, which was read before that one ended it.
      if (entry.name === files.name) return { gone: true };
      if (overlap(files, entry) && (await meets(entry))) return { met: entry };
      looked = entry.n;
    }
    if (looked >= n) continue;
    const kind = load.replaces ? 'replace' : 'load';
    const done: Load = { ...load, state: 'committed', n };
    const result = await items.transact([
      { delete: loadingKey(table), if: version },
      { put: loadedKey(table, load.ordinal), value: loadValue(done), if: 'absent' },
      {
        put: counterKey(table),
        value: counterValue({ ...counter, next: n + 1, load: n }),
        if: counter.version,
      },
      {
        put: entryKey(table, n),
        value: entryValue(files, { source: `load#${load.id}`, at: now }, kind),
        if: 'absent',
      },
      await waitingAction(items, table, { since: now, next: n + 1 }),
      ...(await releaseOf(items, table, load)),
    ]);
    if (result.done) return { n };
    // Versions of an item that is deleted and put anew start again: this load's place in the history says it surely.
    if (result.blocked.some(i => i <= 1)) return { gone: true };
  }
}

/** Ends a load without an entry. False: it is no longer the one that was read. */
export async function abandonLoad(
  items: Items,
  table: string,
  { load, version }: StandingLoad,
): Promise<boolean> {
  for (;;) {
    const result = await items.transact([
      { delete: loadingKey(table), if: version },
      {
        put: loadedKey(table, load.ordinal),
        value: loadValue({ ...load, state: 'abandoned' }),
        if: 'absent',
      },
      ...(await releaseOf(items, table, load)),
    ]);
    if (result.done || result.blocked.some(i => i <= 1)) return result.done;
  }
}

/** Who resumed the table by hand, or paused it anew, has the last word. */
async function releaseOf(items: Items, table: string, load: Load): Promise<ItemAction[]> {
  if (!load.holds) return [];
  const paused = await items.get(pausedKey(table));
  return paused?.value.load === load.id ? [{ delete: pausedKey(table), if: paused.version }] : [];
}

function loadValue({ position, ...load }: Load): ItemValue {
  const { n, ...plain } = load;
  const copy = { ...load.copy, at: [...load.copy.at] };
  return { ...plain, copy, position: formatPosition(position), ...(n === undefined ? {} : { n }) };
}

function loadOf({ value }: Item): Load {
  const load = value as unknown as Omit<Load, 'position'> & { position: string };
  return { ...load, position: parsePosition(load.position) };
}

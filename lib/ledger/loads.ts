import { formatPosition, type Position, parsePosition } from '../change/position';
import type { Item, ItemAction, Items, ItemValue } from '../ports/items';
import { type Counter, counterValue, readCounter } from './counter';
import {
  begunKey,
  counterKey,
  LOADED_PREFIX,
  loadedKey,
  loadingKey,
  pausedKey,
  recipeKey,
  tablePartition,
} from './keys';

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
  /** Whether the changes that follow come from another source than those before. */
  readonly newSource?: boolean;
  /** Whether the table's merges wait for it: until then nobody should see changes without what they change. */
  readonly holds: boolean;
  readonly state: 'open' | 'committed' | 'abandoned';
  /** Which reload of DMS it was begun for, if one waited (lib/ledger/reloads.ts). */
  readonly reload?: number;
  /** By which recipe it was committed: what came in with it. */
  readonly recipe?: string;
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

/** Whether a load of this name was ever begun: none begins twice. */
export async function wasBegun(items: Items, load: string): Promise<boolean> {
  return (await items.get(begunKey(load))) !== undefined;
}

/** A load that is committed or given up. */
export async function pastLoad(items: Items, table: string, ordinal: number): Promise<Load | undefined> {
  const item = await items.get(loadedKey(table, ordinal));
  return item && loadOf(item);
}

/** The last load that is part of the log, whatever was given up since. */
export async function lastCommitted(items: Items, table: string): Promise<Load | undefined> {
  const { loads = 0 } = await readCounter(items, table);
  for (let ordinal = loads; ordinal > 0; ordinal--) {
    const load = await pastLoad(items, table, ordinal);
    if (load?.state === 'committed') return load;
  }
  return undefined;
}

/** Loads that are committed or given up, the newest first. */
export async function pastLoads(items: Items, table: string, limit: number): Promise<Load[]> {
  return (await items.query(tablePartition(table), LOADED_PREFIX, { limit, reverse: true })).map(loadOf);
}

/**
 * Notes a load as begun; `planned` is made after the counter was read, which is a condition: it knows all that has a
 * number. A load that holds pauses the table in the same transaction. Undefined: another load is under way, or one of this
 * name was begun before, by a call that came twice.
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
      { put: begunKey(load.id), value: { table }, if: 'absent' },
    ];
    if (load.holds)
      actions.push({ put: pausedKey(table), value: { at: load.at, load: load.id }, if: 'absent' });
    const result = await items.transact(actions);
    if (result.done) return { load, version: 1 };
    if (result.blocked.includes(0) || result.blocked.includes(2)) return undefined;
    // Somebody paused the table: it stays so, and the load does not end it.
    if (result.blocked.includes(3))
      return beginLoad(items, table, async now => ({ ...(await planned(now)), holds: false }));
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

/** Ends a load's hold on its table. Who resumed that by hand, or paused it anew, has the last word. */
export async function releaseOf(items: Items, table: string, load: Load): Promise<ItemAction[]> {
  if (!load.holds) return [];
  const paused = await items.get(pausedKey(table));
  return paused?.value.load === load.id ? [{ delete: pausedKey(table), if: paused.version }] : [];
}

export function loadValue({ position, ...load }: Load): ItemValue {
  const { n, ...plain } = load;
  const copy = { ...load.copy, at: [...load.copy.at] };
  return { ...plain, copy, position: formatPosition(position), ...(n === undefined ? {} : { n }) };
}

function loadOf({ value }: Item): Load {
  const load = value as unknown as Omit<Load, 'position'> & { position: string };
  return { ...load, position: parsePosition(load.position) };
}

import type { Items, ItemValue } from '../ports/items';
import { counterKey } from './keys';
import type { Turn } from './turn';

/** What is counted per table. `version` is the condition of whoever moves it. */
export interface Counter {
  /** The number the next entry takes; numbers start at 1. */
  readonly next: number;
  /** Raised before vacuum deletes deltas: an ingest that read an older one writes its delta anew (PROTOCOL.md, V1). */
  readonly vacuumCount: number;
  /** The source generation of positions (PROTOCOL.md, P5). */
  readonly generation: number;
  /** Whose turn it is, after writers overtook each other too often. */
  readonly turn?: Turn;
  /** Loads that were begun; the position of each is its own. */
  readonly loads?: number;
  /** The number of the last load; undefined before the first. */
  readonly load?: number;
  /** Where the last replace stands, which drops all before it: its position as text, and the `_entry` of its rows. */
  readonly replaced?: { readonly position: string; readonly entry: number };
  /** The newest schema of the log that a numbered delta was written for; undefined before the first. */
  readonly schema?: number;
  /**
   * The last entry that was the first of that schema, or of another one: up to it, which columns the log's files have
   * may have changed.
   */
  readonly schemaMoved?: number;
  readonly version: number | 'absent';
}

export async function readCounter(items: Items, table: string): Promise<Counter> {
  const item = await items.get(counterKey(table));
  if (!item) return { next: 1, vacuumCount: 0, generation: 0, version: 'absent' };
  return { ...(item.value as unknown as Omit<Counter, 'version'>), version: item.version };
}

/** Whether the lake ever numbered an entry of a table of this name. */
export async function isCounted(items: Items, table: string): Promise<boolean> {
  return (await readCounter(items, table)).next > 1;
}

export function counterValue({ version: _, ...value }: Counter): ItemValue {
  return value as unknown as ItemValue;
}

/** Raises the vacuum count; false when somebody moved the counter meanwhile. */
export async function raiseVacuumCount(items: Items, table: string): Promise<boolean> {
  const counter = await readCounter(items, table);
  const value = counterValue({ ...counter, vacuumCount: counter.vacuumCount + 1 });
  const result = await items.transact([{ put: counterKey(table), value, if: counter.version }]);
  return result.done;
}

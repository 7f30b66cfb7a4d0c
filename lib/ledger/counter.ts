import type { Items, ItemValue } from '../ports/items';
import { counterKey } from './keys';

/** What is counted per table. `version` is the condition of whoever moves it. */
export interface Counter {
  /** The number the next entry takes; numbers start at 1. */
  readonly next: number;
  /** Raised before vacuum deletes deltas: an ingest that read an older one writes its delta anew (PROTOCOL.md, V1). */
  readonly vacuumCount: number;
  /** The source generation of positions (PROTOCOL.md, P5). */
  readonly generation: number;
  readonly version: number | 'absent';
}

export async function readCounter(items: Items, table: string): Promise<Counter> {
  const item = await items.get(counterKey(table));
  if (!item) return { next: 1, vacuumCount: 0, generation: 0, version: 'absent' };
  const { next, vacuumCount, generation } = item.value as unknown as Counter;
  return { next, vacuumCount, generation, version: item.version };
}

export function counterValue(counter: Omit<Counter, 'version'>): ItemValue {
  return { next: counter.next, vacuumCount: counter.vacuumCount, generation: counter.generation };
}

/** Raises the vacuum count; false when somebody moved the counter meanwhile. */
export async function raiseVacuumCount(items: Items, table: string): Promise<boolean> {
  const counter = await readCounter(items, table);
  const value = counterValue({ ...counter, vacuumCount: counter.vacuumCount + 1 });
  const result = await items.transact([{ put: counterKey(table), value, if: counter.version }]);
  return result.done;
}

import type { Items } from '../ports/items';
import { vacuumKey } from './keys';

/** Objects that a vacuum run found unnamed, by key, with the time of the first run that did. */
export async function readUnnamed(items: Items): Promise<Map<string, number>> {
  const found = await items.query('vacuum', '');
  return new Map(found.map(item => [item.sort, item.value.since as number]));
}

export async function noteUnnamed(items: Items, key: string, since: number): Promise<void> {
  await items.transact([{ put: vacuumKey(key), value: { since }, if: 'absent' }]);
}

export async function forgetUnnamed(items: Items, key: string): Promise<void> {
  await items.transact([{ delete: vacuumKey(key) }]);
}

import type { Items } from '../ports/items';
import { pausedKey } from './keys';

/** Since when the table's merges are stopped, so that what is taken in waits: milliseconds since 1970; undefined when it is not. */
export async function pausedSince(items: Items, table: string): Promise<number | undefined> {
  const item = await items.get(pausedKey(table));
  return item && (item.value as { at: number }).at;
}

/** The load that the table's merges wait for, if that is why they are stopped. */
export async function heldBy(items: Items, table: string): Promise<string | undefined> {
  return (await items.get(pausedKey(table)))?.value.load as string | undefined;
}

/** Whether the table's merges wait for the retype of a column. */
export async function isRetyping(items: Items, table: string): Promise<boolean> {
  return (await items.get(pausedKey(table)))?.value.retype === true;
}

/** Stops the table's merges until a retype is done. False: they are stopped already, whoever did it. */
export async function holdForRetype(items: Items, table: string, at: number): Promise<boolean> {
  return (await items.transact([{ put: pausedKey(table), value: { at, retype: true }, if: 'absent' }])).done;
}

/** Ends the hold of a retype. Who paused or resumed the table by hand meanwhile has the last word. */
export async function releaseRetype(items: Items, table: string): Promise<void> {
  const item = await items.get(pausedKey(table));
  if (item?.value.retype === true) await items.transact([{ delete: pausedKey(table), if: item.version }]);
}

/** False: it was paused before. A merge that runs ends with its slice. */
export async function pauseTable(items: Items, table: string, at: number): Promise<boolean> {
  return (await items.transact([{ put: pausedKey(table), value: { at }, if: 'absent' }])).done;
}

/** False: it was not paused. */
export async function resumeTable(items: Items, table: string): Promise<boolean> {
  const item = await items.get(pausedKey(table));
  if (!item) return false;
  return (await items.transact([{ delete: pausedKey(table), if: item.version }])).done;
}

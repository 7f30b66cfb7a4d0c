import type { Json } from '../../ports/items';
import type { ObjectStore } from '../../ports/object-store';
import { fileMissing } from '../../table/errors';

/** A load has thousands of summaries: one after the other they would take minutes. */
export const SUMMARIES_AT_ONCE = 32;

/** Writes a summary. What stands under its name already says the same: names tell what they are made of. */
export async function writeJson(store: ObjectStore, key: string, value: Json): Promise<void> {
  await store.putIfAbsent(key, Buffer.from(JSON.stringify(value)));
}

/** @throws TM_3005 when it is gone */
export async function readJson<T>(store: ObjectStore, key: string): Promise<T> {
  const bytes = await store.get(key);
  if (!bytes) throw fileMissing(store.uri(key));
  return JSON.parse(Buffer.from(bytes).toString()) as T;
}

import type { ObjectStore } from '../../ports/object-store';
import { folderOf, type Recipe } from './recipe';

const keyOf = (recipe: Recipe) => `${folderOf(recipe)}/failure.txt`;

/**
 * Notes what ended a step, for whoever has only its code: words may quote a row, and what functions say of their errors
 * is kept where rows must not be. The last one counts. A crash before it leaves the code alone.
 */
export async function noteFailure(store: ObjectStore, recipe: Recipe, error: unknown): Promise<void> {
  await store.put(keyOf(recipe), Buffer.from(error instanceof Error ? error.message : String(error)));
}

/** Undefined: no step was ended by an error. */
export async function notedFailure(store: ObjectStore, recipe: Recipe): Promise<string | undefined> {
  const bytes = await store.get(keyOf(recipe));
  return bytes && Buffer.from(bytes).toString();
}

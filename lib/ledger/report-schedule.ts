import type { Items } from '../ports/items';
import { scheduledKey } from './keys';

/** How far a report's schedule has come: every date up to this one was begun after it had ended. */
export async function readScheduled(
  items: Items,
  report: string,
): Promise<{ through: string; version: number } | undefined> {
  const item = await items.get(scheduledKey(report));
  return item && { through: item.value.through as string, version: item.version };
}

/** Moves it on, unless another process did: nothing is lost then, as the dates are looked at again. */
export async function moveScheduled(
  items: Items,
  report: string,
  read: { readonly version: number } | undefined,
  through: string,
): Promise<void> {
  await items.transact([{ put: scheduledKey(report), value: { through }, if: read?.version ?? 'absent' }]);
}

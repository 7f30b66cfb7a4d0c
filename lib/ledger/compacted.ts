import type { Items } from '../ports/items';
import { compactedKey } from './keys';

/** The entry through which compaction of the log has looked: those up to it are joined, or stay as they are. */
export async function readCompacted(items: Items, table: string): Promise<number> {
  const item = await items.get(compactedKey(table));
  return (item?.value.through as number | undefined) ?? 0;
}

/** Never moves back. Lost, or overtaken by another compaction, it costs one more look at entries that are done. */
export async function moveCompacted(items: Items, table: string, through: number): Promise<void> {
  const item = await items.get(compactedKey(table));
  if (((item?.value.through as number | undefined) ?? 0) >= through) return;
  await items.transact([{ put: compactedKey(table), value: { through }, if: item?.version ?? 'absent' }]);
}

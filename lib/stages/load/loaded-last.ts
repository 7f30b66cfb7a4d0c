import { type Load, openLoad, pastLoads } from '../../ledger/loads';
import type { Items } from '../../ports/items';
import type { TableCopy } from './source/copy';

/**
 * The table's last load, if it was of this very copy and none is under way: a second one would only undo what changed
 * since.
 */
export async function loadedLast(
  items: Items,
  table: string,
  { replaces, copy }: { readonly replaces: boolean; readonly copy: Pick<TableCopy, 'fingerprint'> },
): Promise<(Load & { readonly n: number }) | undefined> {
  if (await openLoad(items, table)) return undefined;
  const [last] = await pastLoads(items, table, 1);
  if (last?.n === undefined || last.replaces !== replaces) return undefined;
  return last.fingerprint === copy.fingerprint ? { ...last, n: last.n } : undefined;
}

import { type Load, lastCommitted, openLoad } from '../../ledger/loads';
import type { Items } from '../../ports/items';
import type { TableCopy } from './source/copy';

/**
 * The last load that the table took in, if it was of this very copy and none is under way: a second one would only undo
 * what changed since. Loads that were given up changed nothing.
 */
export async function loadedLast(
  items: Items,
  table: string,
  { replaces, copy }: { readonly replaces: boolean; readonly copy: Pick<TableCopy, 'fingerprint'> },
): Promise<(Load & { readonly n: number }) | undefined> {
  if (await openLoad(items, table)) return undefined;
  const last = await lastCommitted(items, table);
  if (last?.n === undefined || last.replaces !== replaces) return undefined;
  return last.fingerprint === copy.fingerprint ? { ...last, n: last.n } : undefined;
}

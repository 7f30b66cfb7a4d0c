import type { Items, ItemValue } from '../ports/items';
import { UNDECLARED_PARTITION, undeclaredKey } from './keys';

/** A source table that nobody declared, and the table that it became. */
export interface UndeclaredTable {
  readonly name: string;
  readonly schema?: string;
  readonly table: string;
  /** When its first record came, milliseconds since 1970. */
  readonly at: number;
}

const PAGE = 500;

/** In the order in which they came. */
export async function listUndeclared(items: Items): Promise<UndeclaredTable[]> {
  const found: UndeclaredTable[] = [];
  for (let after: string | undefined; ; ) {
    const from = after === undefined ? {} : { after };
    const page = await items.query(UNDECLARED_PARTITION, '', { limit: PAGE, ...from });
    found.push(...page.map(({ value }) => value as unknown as UndeclaredTable));
    if (page.length < PAGE) return found;
    after = page.at(-1)!.sort;
  }
}

/**
 * Notes one behind those that were listed. False: somebody has noted another meanwhile, so they have to be listed again.
 * So no two have one name, and none is noted beyond a bound.
 */
export async function noteUndeclared(items: Items, listed: number, table: UndeclaredTable): Promise<boolean> {
  const value: ItemValue = { ...table };
  return (await items.transact([{ put: undeclaredKey(listed), value, if: 'absent' }])).done;
}

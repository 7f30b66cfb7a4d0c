import type { Items, ItemValue } from '../ports/items';
import { LANDED_PARTITION, landedKey } from './keys';

/**
 * An object of the landing that was dealt with: what its bytes under this etag became (PROTOCOL.md, I4). It saves
 * the second reading of an object that was announced twice; that its rows count once, the sources say.
 */
export interface Landed {
  readonly key: string;
  readonly etag: string;
  readonly outcome: string;
  /** The source that they are, by which the rest of the ledger knows them. */
  readonly identity?: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export async function readLanded(items: Items, key: string): Promise<Landed | undefined> {
  const item = await items.get(landedKey(key));
  return item && landedOf(item);
}

export async function noteLanded(items: Items, { key, identity, ...value }: Landed): Promise<void> {
  await items.transact([{ put: landedKey(key), value: identity ? { ...value, identity } : value }]);
}

/**
 * The etags of those objects that were dealt with. A page is as long as there are keys: where nothing was deleted from
 * the landing, no more is read than is asked for.
 * @param keys in the order of a listing, with nothing left out between the first and the last
 */
export async function landedEtags(items: Items, keys: readonly string[]): Promise<Map<string, string>> {
  const etags = new Map<string, string>();
  const [first, last] = [keys[0], keys.at(-1)];
  if (first === undefined || last === undefined) return etags;
  const own = await readLanded(items, first);
  if (own) etags.set(first, own.etag);
  for (let after = first; !isPast(after, last); ) {
    const page = await items.query(LANDED_PARTITION, '', { after, limit: keys.length });
    for (const item of page) etags.set(item.sort, landedOf(item).etag);
    if (page.length < keys.length) break;
    after = page.at(-1)!.sort;
  }
  return etags;
}

function isPast(key: string, last: string): boolean {
  // As the ledger orders sort keys: by UTF-8 bytes.
  return Buffer.compare(Buffer.from(key), Buffer.from(last)) >= 0;
}

function landedOf(item: { readonly sort: string; readonly value: ItemValue }): Landed {
  return { key: item.sort, ...(item.value as unknown as Omit<Landed, 'key'>) };
}

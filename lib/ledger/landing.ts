import type { Items } from '../ports/items';
import { FOLDER_PARTITION, folderKey, listingKey } from './keys';

/** A folder of the landing, and up to which name a sweep has looked through it. */
export interface SweptFolder {
  /** With its `/`; `/` alone for the landing's top. */
  readonly folder: string;
  /** The key up to which all its objects were dealt with or announced; empty before the first. */
  readonly last: string;
  /** When that last moved, milliseconds since 1970. */
  readonly at: number;
}

export async function readFolder(items: Items, folder: string): Promise<SweptFolder | undefined> {
  const item = await items.get(folderKey(folder));
  return item && { ...(item.value as unknown as Omit<SweptFolder, 'folder'>), folder };
}

export async function noteFolder(items: Items, { folder, ...value }: SweptFolder): Promise<void> {
  await items.transact([{ put: folderKey(folder), value }]);
}

/** Lists the folder of an object that has none of a sweep's notes yet, so that the next sweep looks into it. */
export async function noteNewFolder(items: Items, key: string, at: number): Promise<void> {
  const folder = folderOf(key);
  if (await items.get(folderKey(folder))) return;
  await items.transact([{ put: folderKey(folder), value: { last: '', at }, if: 'absent' }]);
}

export function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1) || '/';
}

/** Folders after `after`, by name. */
export async function listFolders(items: Items, after: string | undefined, limit: number) {
  const found = await items.query(FOLDER_PARTITION, '', { after, limit });
  return found.map(
    (item): SweptFolder => ({ ...(item.value as unknown as Omit<SweptFolder, 'folder'>), folder: item.sort }),
  );
}

/** A listing of the landing that goes on over several sweeps. */
export interface Listing {
  /** recent: of each folder what came after its last name. full: everything. */
  readonly kind: 'recent' | 'full';
  /** How far it has come: the last folder, or the last key. */
  readonly after?: string;
}

export async function readListing(items: Items): Promise<Listing | undefined> {
  const item = await items.get(listingKey);
  return item && (item.value as unknown as Listing);
}

export async function noteListing(items: Items, { kind, after }: Listing): Promise<void> {
  await items.transact([{ put: listingKey, value: after === undefined ? { kind } : { kind, after } }]);
}

export async function closeListing(items: Items): Promise<void> {
  await items.transact([{ delete: listingKey }]);
}

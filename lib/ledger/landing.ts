import type { Item, Items } from '../ports/items';
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

/** The folder's note, and the condition of whoever moves it. */
export async function readFolder(
  items: Items,
  folder: string,
): Promise<{ known?: SweptFolder; version: number | 'absent' }> {
  const item = await items.get(folderKey(folder));
  return item ? { known: folderOfItem(item), version: item.version } : { version: 'absent' };
}

/** Nothing is written where another sweep was first: its name may stand lower, and what is between comes once more. */
export async function noteFolder(
  items: Items,
  { folder, ...value }: SweptFolder,
  version: number | 'absent',
): Promise<void> {
  await items.transact([{ put: folderKey(folder), value, if: version }]);
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
  return (await items.query(FOLDER_PARTITION, '', { after, limit })).map(folderOfItem);
}

function folderOfItem({ sort, value }: Item): SweptFolder {
  return { ...(value as unknown as Omit<SweptFolder, 'folder'>), folder: sort };
}

/** A listing of the landing that goes on over several sweeps. */
export interface Listing {
  /** recent: of each folder what came after its last name. full: everything. */
  readonly kind: 'recent' | 'full';
  /** How far it has come: the last folder, or the last key. */
  readonly after?: string;
}

/** What stands of listings: the open one, if any, and the condition of whoever moves it. */
export interface StandingListing {
  readonly open?: Listing;
  readonly version: number | 'absent';
}

export async function readListing(items: Items): Promise<StandingListing> {
  const item = await items.get(listingKey);
  if (!item) return { version: 'absent' };
  const { open } = item.value as { readonly open: Listing | null };
  return { ...(open ? { open } : {}), version: item.version };
}

/**
 * Writes how a listing stands, or with `open` undefined that none is open, over what was read. Undefined when another
 * sweep was first: nothing was written. The item stays when a listing ends: one that is deleted and put anew has the
 * versions it had, and a sweep that went through yesterday's listing would move today's.
 */
export async function moveListing(
  items: Items,
  { version }: StandingListing,
  open: Listing | undefined,
): Promise<StandingListing | undefined> {
  const value = { open: open ? { ...open } : null };
  const { done } = await items.transact([{ put: listingKey, value, if: version }]);
  return done ? { open, version: version === 'absent' ? 1 : version + 1 } : undefined;
}

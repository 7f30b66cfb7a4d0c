import type { Items, ItemValue } from '../ports/items';
import { asideKey } from './keys';

/** What merges have folded of a load and of what waited with it; no commit names it yet. One a table. */
export interface AsideNote {
  /** The load's number. Once the table has merged it the note means nothing. */
  readonly n: number;
  /** A hash of all that it was folded onto: on anything else the fold begins anew. */
  readonly base: string;
  /** Keys of the manifests that name its files. */
  readonly manifests: readonly string[];
  /** Its cursor, as a snapshot states one. */
  readonly cursor: Readonly<Record<string, string>>;
  /** Where the next portion begins, and the last entry that is folded. */
  readonly next: { readonly after: number; readonly groups: number; readonly of?: string };
  readonly through: number;
  readonly rows: { readonly new: number; readonly changed: number; readonly deleted: number };
}

/** `version` is the condition of whoever goes on. */
export interface StandingNote {
  readonly note: AsideNote;
  readonly version: number;
}

export async function readAside(items: Items, table: string): Promise<StandingNote | undefined> {
  const item = await items.get(asideKey(table));
  return item && { note: item.value as unknown as AsideNote, version: item.version };
}

/** The version that the note has now; undefined when another came first. */
export async function noteAside(
  items: Items,
  table: string,
  note: AsideNote,
  known: number | undefined,
): Promise<number | undefined> {
  const put = { put: asideKey(table), value: note as unknown as ItemValue, if: known ?? ('absent' as const) };
  return (await items.transact([put])).done ? (known ?? 0) + 1 : undefined;
}

/** Forgets the note of a load that the table has merged; one of a later load stays. */
export async function forgetAside(items: Items, table: string, n: number): Promise<void> {
  const standing = await readAside(items, table);
  if (standing && standing.note.n <= n)
    await items.transact([{ delete: asideKey(table), if: standing.version }]);
}

import { formatPosition } from '../change/position';
import type { ItemAction, Items } from '../ports/items';
import { type Counter, counterValue, readCounter } from './counter';
import { type Delta, type Entry, entriesAfter, entryValue } from './entries';
import { counterKey, entryKey, loadedKey, loadingKey, recipeKey } from './keys';
import { type Load, loadValue, releaseOf, type StandingLoad } from './loads';
import { overlap } from './turn';
import { waitingAction } from './waiting';

/**
 * What became of numbering a load. gone: it was given up, or committed, by another. replanned: its steps are done by another
 * recipe now. met: a change stands at its position.
 */
export type NumberedLoad =
  | { readonly n: number }
  | { readonly gone: true }
  | { readonly replanned: true }
  | { readonly met: Entry };

/**
 * Gives a load its number: one transaction makes it part of the log, and ends its hold. A crash before it leaves the load
 * under way; after it the next merge takes it in.
 *
 * The `_entry` of its rows was settled when it began. No entry that was numbered since may have a change at exactly the
 * load's position: readers without the ledger would take the other for the later one (PROTOCOL.md, P1). Where it has a
 * recipe, that has to be the one which was noted last: another one's files may lack rows that came since.
 * @param meets whether an entry, whose positions lie around the load's, has a change there
 */
export async function numberLoad(
  items: Items,
  table: string,
  { load, version }: StandingLoad,
  files: Delta,
  { now, meets }: { readonly now: number; meets(entry: Entry): Promise<boolean> },
): Promise<NumberedLoad> {
  for (let looked = load.entry - 1; ; ) {
    const counter = await readCounter(items, table);
    const n = counter.next;
    for await (const entry of entriesAfter(items, table, looked)) {
      // Another commit of this very load, which was read before that one ended it.
      if (entry.name === files.name) return { gone: true };
      if (overlap(files, entry) && (await meets(entry))) return { met: entry };
      looked = entry.n;
    }
    if (looked >= n) continue;
    const noted = await notedAction(items, load);
    if (!noted) return { replanned: true };
    const kind = load.replaces ? 'replace' : 'load';
    const done: Load = { ...load, state: 'committed', n };
    const result = await items.transact([
      { delete: loadingKey(table), if: version },
      { put: loadedKey(table, load.ordinal), value: loadValue(done), if: 'absent' },
      {
        put: counterKey(table),
        value: counterValue({ ...counter, ...replacedBy(load), next: n + 1, load: n }),
        if: counter.version,
      },
      {
        put: entryKey(table, n),
        value: entryValue(files, { source: `load#${load.id}`, at: now }, kind),
        if: 'absent',
      },
      await waitingAction(items, table, { since: now, next: n + 1 }),
      ...noted,
      ...(await releaseOf(items, table, load)),
    ]);
    if (result.done) return { n };
    // Versions of an item that is deleted and put anew start again: this load's place in the history says it surely.
    if (result.blocked.some(i => i <= 1)) return { gone: true };
  }
}

/** The condition that its recipe is still the one noted last; undefined: it is not. */
async function notedAction(items: Items, { id, recipe }: Load): Promise<ItemAction[] | undefined> {
  if (recipe === undefined) return [];
  const noted = await items.get(recipeKey(id));
  if (noted?.value.recipe !== recipe) return undefined;
  return [{ put: recipeKey(id), value: { recipe }, if: noted.version }];
}

function replacedBy({ replaces, position, entry }: Load): Pick<Counter, 'replaced'> {
  return replaces ? { replaced: { position: formatPosition(position), entry } } : {};
}

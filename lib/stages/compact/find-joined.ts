import type { Field } from '../../columnar/types';
import type { Entry, Joined } from '../../ledger/entries';
import type { ObjectStore } from '../../ports/object-store';
import { daysOf } from '../../table/columns';
import { openFile } from '../../table/data-file';
import { deltasIn, joinedFolder } from '../../table/joined-deltas';
import type { LiveFiles } from '../../table/live-files';

/**
 * Where the rows of entries stand whose deltas the log no longer names, by entry number: in files of joined deltas of
 * their day. An entry that none holds whole is left out: another engine rewrote the log, and its delta stays.
 */
export async function findJoined(
  store: ObjectStore,
  table: string,
  files: LiveFiles,
  fields: readonly Field[],
  lost: readonly Entry[],
): Promise<Map<number, Joined>> {
  const found = new Map<number, Joined>();
  const byName = new Map(lost.map(entry => [entry.name, entry]));
  const days = new Set(lost.map(entry => daysOf(entry.dateReceived)));
  const folder = store.uri(joinedFolder(table));
  for (const { file } of files.data) {
    if (!file.path.startsWith(`${folder}/`) || !days.has(Number(file.partition[0]))) continue;
    for (const { name, first, rows } of await deltasIn(await openFile(store, file), fields)) {
      const entry = byName.get(name);
      if (entry?.rows === rows) found.set(entry.n, { key: store.keyOf(file.path), bytes: file.size, first });
    }
  }
  return found;
}

import { gatherBatch } from '../columnar/batch';
import type { DataFile } from '../iceberg/data-file';
import { currentSchema } from '../iceberg/metadata';
import { type Entry, entriesAfter, isLoad } from '../ledger/entries';
import type { LakePorts } from '../ports/lake-ports';
import { lackingIn, withAbsent } from './absent';
import { FOOTERS_AT_ONCE, mapAtOnce } from './at-once';
import { daysOf } from './columns';
import { type OpenFile, openFile } from './data-file';
import { joinedFolder, rowsWithin, type Span } from './joined-deltas';
import { eachLiveFile } from './live-files';
import { logFilesOf } from './load-files';
import { filesOfMoved, unlessGone } from './moved-deltas';
import type { OpenTable } from './open';
import { dataFile, type FilePlace, writeFiles } from './write-files';

export interface LogFiles {
  readonly added: DataFile[];
  readonly last: Entry | undefined;
}

/**
 * The files of the entries beyond `after` through k, as the log's data files, and the last of those entries. A file of
 * joined ones is taken as it is if all its rows are theirs, else those that are theirs are written into a file of their
 * own: after a rollback of the log it may hold rows that the log has in other files. Deltas and loads of which files are
 * gone count by the files of the log that have their rows. Memory holds what is added.
 * @throws TM_3012
 */
export async function logFiles(
  ports: LakePorts,
  table: string,
  log: OpenTable,
  { after, k }: { readonly after: number; readonly k: number },
): Promise<LogFiles> {
  const waiting = await entriesByPlace(ports, table, { after, k });
  const { fields } = currentSchema(log.metadata);
  const place = (day: string) => ({ fields, specId: 0, partition: [daysOf(day)], sortOrderId: null });
  const deltaFile = async ({ key, bytes, dateReceived }: Entry) => {
    const path = ports.store.uri(key);
    return [
      dataFile(path, (await openFile(ports.store, { path, size: bytes })).footer, bytes, place(dateReceived)),
    ];
  };
  const added: DataFile[] = [];
  const add = (file: OpenFile, size: number, day: string) =>
    added.push(dataFile(file.path, file.footer, size, place(day)));
  for (const part of waiting.joined.values()) {
    const file = await openFile(ports.store, { path: ports.store.uri(part.key), size: part.bytes });
    if (rowsOf(part) === file.footer.rows) add(file, part.bytes, part.dateReceived);
    else
      added.push(
        await copyOf(ports, file, part, { ...place(part.dateReceived), folder: joinedFolder(table) }),
      );
  }
  const entries = [...waiting.whole.values()];
  const found = await mapAtOnce(entries, FOOTERS_AT_ONCE, entry =>
    unlessGone(isLoad(entry) ? logFilesOf(ports, entry, fields) : deltaFile(entry)),
  );
  const gone = entries.filter((_, i) => !found[i]);
  if (gone.length > 0) {
    const view = { store: ports.store, fields, files: () => eachLiveFile(ports.store, log.metadata) };
    added.push(...(await filesOfMoved(view, gone, waiting.whole)));
  }
  // Whose rows are in the files of moved ones is no longer among those that wait.
  entries.forEach(({ name }, i) => {
    if (waiting.whole.has(name)) added.push(...(found[i] ?? []));
  });
  return { added, last: waiting.last };
}

/** What entries have of a file of joined deltas. */
interface JoinedPart {
  readonly key: string;
  readonly bytes: number;
  readonly dateReceived: string;
  /** Ascending; neighbours are one. */
  readonly spans: Span[];
}

function rowsOf({ spans }: JoinedPart): number {
  return spans.reduce((sum, { from, to }) => sum + to - from, 0);
}

/** Entries beyond `after` through k: those whose own files count by name, those that are joined by their file. */
async function entriesByPlace(
  { items }: LakePorts,
  table: string,
  { after, k }: { readonly after: number; readonly k: number },
) {
  const whole = new Map<string, Entry>();
  const joined = new Map<string, JoinedPart>();
  let last: Entry | undefined;
  for await (const entry of entriesAfter(items, table, after)) {
    if (entry.n > k) break;
    last = entry;
    if (!entry.joined) whole.set(entry.name, entry);
    else {
      const { key, bytes, first } = entry.joined;
      const part = joined.get(key) ?? { key, bytes, dateReceived: entry.dateReceived, spans: [] };
      joined.set(key, part);
      const to = first + entry.rows;
      const before = part.spans.at(-1);
      if (before?.to === first) part.spans[part.spans.length - 1] = { from: before.from, to };
      else part.spans.push({ from: first, to });
    }
  }
  return { whole, joined, last };
}

/** The part's rows in a file of their own. A crash before the log's commit leaves it to vacuum. */
async function copyOf(
  ports: LakePorts,
  file: OpenFile,
  { spans }: JoinedPart,
  place: FilePlace,
): Promise<DataFile> {
  const whole = {
    rowGroupRowsMax: Math.max(...file.footer.rowGroups.map(g => g.rows)),
    rowGroupBytesMax: Number.POSITIVE_INFINITY,
    fileBytesMax: Number.POSITIVE_INFINITY,
  };
  const lacking = lackingIn(file, place.fields);
  const rows = async function* () {
    for await (const part of rowsWithin(file, place.fields, spans))
      yield withAbsent(gatherBatch(part.batch, part.rows), lacking);
  };
  const [copy] = await writeFiles(ports, place, rows(), whole);
  return copy!;
}

import type { ResolvedTable } from '../config/resolved';
import type { DataFile } from '../iceberg/data-file';
import { currentSchema } from '../iceberg/metadata';
import { type Entry, entriesAfter, entryNumbers } from '../ledger/entries';
import type { LakePorts } from '../ports/lake-ports';
import { daysOf } from './columns';
import { commit } from './commit';
import { cursorSummary, readCursor, START } from './cursor';
import { openFile } from './data-file';
import { deltasIn } from './joined-deltas';
import { liveFiles } from './live-files';
import type { LogView } from './log';
import type { OpenTable } from './open';
import { dataFile } from './write-files';

/**
 * Appends the entries beyond the log table's own cursor through k, metadata only: the deltas are its data files.
 * Undefined when another commit came first.
 */
export async function appendToLog(
  ports: LakePorts,
  table: string,
  log: OpenTable,
  k: number,
): Promise<OpenTable | undefined> {
  const cursor = readCursor(log.name, log.metadata);
  const { added, last } = await logFiles(ports, table, log, cursor.through, k);
  if (!last) return log;
  const result = await commit(ports, log, {
    operation: 'append',
    added,
    removed: new Set(),
    summary: cursorSummary({ ...cursor, through: last.n, entry: last.name }),
  });
  return result.committed ? result.table : undefined;
}

/**
 * Makes a log table whose own cursor is lost from the ledger's entries, all of them, in one commit: what it holds is
 * replaced, never appended to: nothing says which rows of it count. Undefined when another commit came first.
 */
export async function restoreLog(
  ports: LakePorts,
  table: string,
  log: OpenTable,
): Promise<OpenTable | undefined> {
  const { added, last } = await logFiles(ports, table, log, START.through, Number.POSITIVE_INFINITY);
  if (!last) return log;
  const old = await liveFiles(ports.store, log.metadata);
  const result = await commit(ports, log, {
    operation: 'overwrite',
    added,
    removed: new Set([...old.data, ...old.deletes].map(f => f.file.path)),
    summary: cursorSummary({ ...START, through: last.n, entry: last.name }),
  });
  return result.committed ? result.table : undefined;
}

/** The files of the entries beyond `after` through k, as the log's data files, and the last of those entries. */
async function logFiles(ports: LakePorts, table: string, log: OpenTable, after: number, k: number) {
  const entries: Entry[] = [];
  for await (const entry of entriesAfter(ports.items, table, after)) {
    if (entry.n > k) break;
    entries.push(entry);
  }
  const added: DataFile[] = [];
  const held = new Set<string>();
  const place = { fields: currentSchema(log.metadata).fields, specId: 0, sortOrderId: null };
  const add = async (key: string, size: number, { dateReceived }: Entry) => {
    const file = await openFile(ports.store, { path: ports.store.uri(key), size });
    added.push(dataFile(file.path, file.footer, size, { ...place, partition: [daysOf(dateReceived)] }));
    return file;
  };
  for (const entry of firstOfEach(entries)) {
    const file = await add(entry.joined!.key, entry.joined!.bytes, entry);
    for (const { name } of await deltasIn(file, place.fields)) held.add(name);
  }
  for (const entry of entries) if (!held.has(entry.name)) await add(entry.key, entry.bytes, entry);
  return { added, last: entries.at(-1) };
}

/** One entry of each file of joined ones: it may hold more than are marked so, after a crash of compaction. */
function firstOfEach(entries: readonly Entry[]): Entry[] {
  const files = new Map<string, Entry>();
  for (const entry of entries) {
    if (entry.joined && !files.has(entry.joined.key)) files.set(entry.joined.key, entry);
  }
  return [...files.values()];
}

/** The log through entry k, for whoever folds or refolds. */
export function logView(ports: LakePorts, table: ResolvedTable, log: OpenTable, k: number): LogView {
  const fields = currentSchema(log.metadata).fields;
  return {
    store: ports.store,
    fields,
    key: table.key.map(name => fields.find(f => f.name === name)!),
    files: once(() => liveFiles(ports.store, log.metadata)),
    entries: once(() => entryNumbers(ports.items, table.name, k)),
  };
}

/** What `read` gives, read when it is first asked for. */
function once<T>(read: () => Promise<T>): () => Promise<T> {
  let known: Promise<T> | undefined;
  return () => {
    known ??= read();
    return known;
  };
}

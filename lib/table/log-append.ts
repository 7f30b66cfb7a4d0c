import type { ResolvedTable } from '../config/resolved';
import { currentSchema } from '../iceberg/metadata';
import { type Entry, entriesAfter, entryNumbers } from '../ledger/entries';
import type { LakePorts } from '../ports/lake-ports';
import { commit } from './commit';
import { cursorSummary, readCursor } from './cursor';
import { openFile } from './data-file';
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
  const added = [];
  let last: Entry | undefined;
  for await (const entry of entriesAfter(ports.items, table, cursor.through)) {
    if (entry.n > k) break;
    const path = ports.store.uri(entry.key);
    const file = await openFile(ports.store, { path, size: entry.bytes });
    const fields = currentSchema(log.metadata).fields;
    const partition = [Date.parse(entry.dateReceived) / 86_400_000];
    added.push(dataFile(path, file.footer, entry.bytes, { fields, specId: 0, partition, sortOrderId: null }));
    last = entry;
  }
  if (!last) return log;
  const stated = { ...cursor, through: last.n, entry: last.name };
  const result = await commit(ports, log, {
    operation: 'append',
    added,
    removed: new Set(),
    summary: cursorSummary(stated),
  });
  return result.committed ? result.table : undefined;
}

/** The log through entry k, for whoever folds or refolds. */
export async function logView(
  ports: LakePorts,
  table: ResolvedTable,
  log: OpenTable,
  k: number,
): Promise<LogView> {
  const fields = currentSchema(log.metadata).fields;
  return {
    store: ports.store,
    fields,
    key: table.key.map(name => fields.find(f => f.name === name)!),
    files: await liveFiles(ports.store, log.metadata),
    entries: () => entryNumbers(ports.items, table.name, k),
  };
}

import type { ResolvedTable } from '../config/resolved';
import { currentSchema } from '../iceberg/metadata';
import { EntryNumbers } from '../ledger/entry-numbers';
import type { LakePorts } from '../ports/lake-ports';
import { commit } from './commit';
import { cursorSummary, readCursor, START } from './cursor';
import { eachLiveFile, liveFiles } from './live-files';
import type { LogView } from './log';
import { logFiles } from './log-files';
import type { OpenTable } from './open';

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
  const { added, last } = await logFiles(ports, table, log, { after: cursor.through, k });
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
  const { added, last } = await logFiles(ports, table, log, {
    after: START.through,
    k: Number.POSITIVE_INFINITY,
  });
  if (!last) return log;
  const { data, deletes } = await liveFiles(ports.store, log.metadata);
  const kept = new Set(added.map(f => f.path));
  const named = new Set(data.map(f => f.file.path));
  const result = await commit(ports, log, {
    operation: 'overwrite',
    // A file that stays is not removed and added anew: other engines delete what a snapshot removed when that expires.
    added: added.filter(f => !named.has(f.path)),
    removed: new Set([...data, ...deletes].map(f => f.file.path).filter(path => !kept.has(path))),
    summary: cursorSummary({ ...START, through: last.n, entry: last.name }),
  });
  return result.committed ? result.table : undefined;
}

/** Histories take two to three times their bytes while they are folded. */
const HISTORIES_MOST = { rows: 500_000, bytes: 32 << 20 };

/** The log through entry k, for whoever folds or refolds. */
export function logView(ports: LakePorts, table: ResolvedTable, log: OpenTable, k: number): LogView {
  const fields = currentSchema(log.metadata).fields;
  return {
    store: ports.store,
    fields,
    key: table.key.map(name => fields.find(f => f.name === name)!),
    files: () => eachLiveFile(ports.store, log.metadata),
    numbers: new EntryNumbers(ports.items, table.name, k),
    most: HISTORIES_MOST,
  };
}

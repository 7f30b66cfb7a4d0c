import type { Field } from '../columnar/types';
import type { ResolvedTable } from '../config/resolved';
import { addColumns, widenColumn } from '../iceberg/evolution';
import {
  currentSchema,
  defaultSpec,
  formatMetadata,
  newMetadata,
  type TableMetadata,
} from '../iceberg/metadata';
import { partitionSpec } from '../iceberg/partition';
import { type Entry, entriesAfter, entryNumbers, readEntry } from '../ledger/entries';
import type { LakePorts } from '../ports/lake-ports';
import { currentFields, logTableOf, userFields } from '../table/columns';
import { commit } from '../table/commit';
import { type Cursor, cursorSummary, readCursor, START } from '../table/cursor';
import { openFile } from '../table/data-file';
import { commitContended, keyChanged, ledgerBehind } from '../table/errors';
import { type FoldResult, foldInto } from '../table/fold-into';
import { liveFiles } from '../table/live-files';
import type { LogView } from '../table/log';
import { TABLE_PROPERTIES } from '../table/log-table';
import { type OpenTable, openTable } from '../table/open';
import { dataFile, type WriteLimits } from '../table/write-files';

export interface MergeLimits extends WriteLimits {
  /** What one merge takes on: entries until either is reached, one at least. */
  readonly mergeRowsMax: number;
  readonly mergeBytesMax: number;
}

/** What one merge changed. `through` is the last entry merged. */
export interface Merged {
  readonly table: string;
  readonly entries: readonly Entry[];
  readonly through: number;
  readonly snapshotId: bigint;
  readonly rows: FoldResult['rows'] & { readonly total: number };
  readonly bytes: { readonly written: number; readonly total: number };
}

const TRIES = 20;

/**
 * Merges the next slice of entries: appends them to the log table, folds them onto the current table, commits rows
 * and cursor together. Undefined when nothing waits. A refused commit plans afresh, from the new metadata: a rollback
 * would lose entries and a foreign MERGE double a key if anything planned before were kept (PROTOCOL.md, M6).
 *
 * A crash before the log's commit leaves nothing; between the two commits the log is ahead of the table, and the
 * next merge folds the same entries; data files that nothing names wait for vacuum.
 */
export async function mergeNext(
  ports: LakePorts,
  table: ResolvedTable,
  limits: MergeLimits,
): Promise<Merged | undefined> {
  for (let i = 0; i < TRIES; i++) {
    const log = await openTable(ports, logTableOf(table.name));
    if (!log) return undefined;
    const current = (await openTable(ports, table.name)) ?? (await createCurrent(ports, table, log));
    checkKey(table, current.metadata);
    const cursor = readCursor(table.name, current.metadata);
    await checkLedger(ports, table.name, cursor);
    const slice = await nextSlice(ports, table.name, cursor.through, limits);
    if (slice.length === 0) return undefined;
    const appended = await appendToLog(ports, table.name, log, slice.at(-1)!.n);
    if (!appended) continue;
    const merged = await mergeSlice(ports, table, current, appended, cursor, slice, limits);
    if (merged) return merged;
  }
  throw commitContended(table.name, TRIES);
}

async function mergeSlice(
  ports: LakePorts,
  table: ResolvedTable,
  current: OpenTable,
  log: OpenTable,
  cursor: Cursor,
  slice: readonly Entry[],
  limits: MergeLimits,
): Promise<Merged | undefined> {
  const base = {
    ...current,
    metadata: followLog(current.metadata, log.metadata, table.key, ports.clock.now()),
  };
  const fields = currentSchema(base.metadata).fields;
  const state = {
    name: table.name,
    fields,
    key: table.key.map(name => fields.find(f => f.name === name)!),
    spec: defaultSpec(base.metadata),
    sortOrderId: base.metadata['default-sort-order-id'],
    files: await liveFiles(ports.store, current.metadata),
    cursor,
    widened: cursor.through > 0 && base.metadata !== current.metadata,
    deletedWhen: fields.find(f => f.name === table.deletedWhen?.column)?.id,
  };
  const folded = await foldInto(
    ports,
    state,
    await logView(ports, table, log, slice.at(-1)!.n),
    slice,
    limits,
  );
  const result = await commit(ports, base, {
    operation: 'overwrite',
    added: folded.added,
    removed: folded.removed,
    summary: cursorSummary(folded.cursor),
  });
  if (!result.committed) return undefined;
  const { summary } = result.snapshot;
  return {
    table: table.name,
    entries: slice,
    through: folded.cursor.through,
    snapshotId: result.snapshot['snapshot-id'],
    rows: { ...folded.rows, total: Number(summary['total-records'] ?? 0) },
    bytes: {
      written: folded.added.reduce((sum, f) => sum + f.size, 0),
      total: Number(summary['total-files-size'] ?? 0),
    },
  };
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

async function nextSlice(
  ports: LakePorts,
  table: string,
  after: number,
  limits: MergeLimits,
): Promise<Entry[]> {
  const slice: Entry[] = [];
  let rows = 0;
  let bytes = 0;
  for await (const entry of entriesAfter(ports.items, table, after)) {
    rows += entry.rows;
    bytes += entry.bytes;
    if (slice.length > 0 && (rows > limits.mergeRowsMax || bytes > limits.mergeBytesMax)) break;
    slice.push(entry);
  }
  return slice;
}

/**
 * Appends the entries beyond the log table's own cursor through k, metadata only: the deltas are its data files.
 * Undefined when another commit came first.
 */
async function appendToLog(
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

async function createCurrent(ports: LakePorts, table: ResolvedTable, log: OpenTable): Promise<OpenTable> {
  const logFields = currentSchema(log.metadata).fields;
  const fields = currentFields(logFields, table.key);
  const metadata = newMetadata({
    uuid: ports.ids.fresh(),
    location: ports.store.uri(table.name),
    schema: { 'schema-id': 0, fields, identifierFieldIds: table.key.map(name => idOf(fields, name)) },
    spec: partitionSpec(table.partitionBy, fields),
    sortOrder: {
      'order-id': 1,
      fields: table.key.map(name => ({
        transform: 'identity',
        'source-id': idOf(fields, name),
        direction: 'asc' as const,
        'null-order': 'nulls-first' as const,
      })),
    },
    properties: TABLE_PROPERTIES,
    now: ports.clock.now(),
  });
  await ports.catalog.create(table.name, formatMetadata(metadata));
  return (await openTable(ports, table.name))!;
}

function idOf(fields: readonly Field[], name: string): number {
  return fields.find(f => f.name === name)!.id;
}

/** The current table's schema follows the log's: the same ids, new columns and widened types in the merge's commit. */
function followLog(
  metadata: TableMetadata,
  log: TableMetadata,
  key: readonly string[],
  now: number,
): TableMetadata {
  let followed = metadata;
  const wanted = currentFields(currentSchema(log).fields, key);
  for (const field of wanted) {
    const known = currentSchema(followed).fields.find(f => f.id === field.id);
    if (known && known.type !== field.type) followed = widenColumn(followed, field.id, field.type, now);
  }
  const { fields } = currentSchema(followed);
  const fresh = wanted.filter(f => !fields.some(known => known.id === f.id));
  if (fresh.length === 0) return followed;
  const own = fields.filter(f => !userFields(fields).includes(f)).map(f => f.id);
  return addColumns(followed, fresh, { before: own, now });
}

/** A restored ledger would give a merged number to another delta (PROTOCOL.md, M1). */
async function checkLedger(ports: LakePorts, table: string, cursor: Cursor): Promise<void> {
  if (cursor.through === START.through) return;
  const entry = await readEntry(ports.items, table, cursor.through);
  if (entry?.name !== cursor.entry) throw ledgerBehind(table, cursor.through);
}

function checkKey(table: ResolvedTable, metadata: TableMetadata): void {
  const { fields, identifierFieldIds } = currentSchema(metadata);
  const was = fields.filter(f => identifierFieldIds.includes(f.id)).map(f => f.name);
  const same = was.length === table.key.length && was.every(name => table.key.includes(name));
  if (!same) throw keyChanged(table.name, was.join(', '), table.key.join(', '));
}

import type { Changes } from '../change/changes';
import { compareKeys, encodeKeys, lowerBoundOf } from '../change/key-order';
import { selectFields } from '../columnar/batch';
import type { Batch } from '../columnar/column';
import type { Field } from '../columnar/types';
import type { Entry } from '../ledger/entries';
import type { EntryNumbers } from '../ledger/entry-numbers';
import type { ObjectStore } from '../ports/object-store';
import { ownField, POS_MAJOR } from './columns';
import { type OpenFile, openDelta, openFile } from './data-file';
import { deltaDamaged } from './errors';
import { rowsWithin } from './joined-deltas';
import type { LiveFile } from './live-files';
import type { Wanted } from './locate';
import { readMoved, unlessGone } from './moved-deltas';
import { fileReaches, KeyRange, rowGroupReaches } from './prune';
import { ChangeReader, deltasOf } from './read-changes';

/**
 * The log as one fold sees it: the files of the log table, and the numbers of the entries that count. A row whose
 * delta has no number here is not seen.
 */
export interface LogView {
  readonly store: ObjectStore;
  /** The log table's fields. */
  readonly fields: readonly Field[];
  readonly key: readonly Field[];
  /** The log table's files. */
  readonly files: () => AsyncIterable<LiveFile>;
  /** Those of the entries that count: 1..(the cursor the commit will state). */
  readonly numbers: EntryNumbers;
  /** What histories that are read at once may hold. */
  readonly most: HistoryLimits;
}

/** Of changes that are held together. Bytes as in memory. */
export interface HistoryLimits {
  readonly rows: number;
  readonly bytes: number;
}

/** What the rows of entries are read from. */
export type LogFilesView = Pick<LogView, 'store' | 'fields' | 'files'>;

/** Keys whose changes are asked for, sorted, with their key columns. */
export type History = Pick<Wanted, 'keys' | 'columns' | 'since'>;

/**
 * All changes of the entries. A delta is read whole and checked; joined ones are read where they stand now, and those
 * whose files are gone wherever the log's table has their rows.
 * @throws TM_3004, TM_3012
 */
export async function readSlice(log: LogFilesView, slice: readonly Entry[]): Promise<Changes> {
  const numbers = new Map(slice.map(entry => [entry.name, entry.n]));
  const reader = new ChangeReader(log.fields);
  const joined = new Map<string, JoinedEntry[]>();
  const gone: Entry[] = [];
  for (const entry of slice) {
    if (isJoined(entry)) {
      joined.set(entry.joined.key, [...(joined.get(entry.joined.key) ?? []), entry]);
      continue;
    }
    const file = await unlessGone(openDelta(log.store, entry));
    if (!file) gone.push(entry);
    for (let g = 0; file && g < file.footer.rowGroups.length; g++)
      reader.add(file, await reader.read(file, g), numbers);
  }
  for (const entries of joined.values()) {
    if (!(await readJoined(log, reader, entries))) gone.push(...entries);
  }
  if (gone.length > 0) await readMoved(log, reader, gone);
  return reader.finish();
}

type JoinedEntry = Entry & Required<Pick<Entry, 'joined'>>;

function isJoined(entry: Entry): entry is JoinedEntry {
  return entry.joined !== undefined;
}

/** Rows of entries that one file holds among others; only row groups that have some are read. False: it is gone. */
async function readJoined(
  log: LogFilesView,
  reader: ChangeReader,
  entries: readonly JoinedEntry[],
): Promise<boolean> {
  const numbers = new Map(entries.map(entry => [entry.name, entry.n]));
  const { key, bytes } = entries[0]!.joined;
  const file = await unlessGone(openFile(log.store, { path: log.store.uri(key), size: bytes }));
  if (!file) return false;
  let missing = entries.reduce((sum, entry) => sum + entry.rows, 0);
  const spans = entries.map(({ joined: { first }, rows }) => ({ from: first, to: first + rows }));
  for await (const { batch, rows } of rowsWithin(file, log.fields, spans))
    missing -= reader.add(file, batch, numbers, rows);
  // Rows that bear another name than the ledger says would be left out in silence.
  if (missing > 0) throw deltaDamaged(key);
  return true;
}

/**
 * Every change that the log holds of the keys, and every TRUNCATE; before `since` only some of them.
 * @returns undefined when they are more than the log's `most`, and of more than one key: whose history is too long alone
 * is read all the same
 */
export async function readHistory(log: LogView, wanted: History): Promise<Changes | undefined> {
  const reader = new ChangeReader(log.fields);
  const range = new KeyRange(log.key[0]!, wanted.columns[0]!);
  const major = ownField(log.fields, POS_MAJOR);
  for await (const { file } of log.files()) {
    if (file.content !== 0) continue;
    const span = range.ofFile(file);
    if (span.from >= span.to && !mayTruncate(file.metrics.nullCounts.get(log.key[0]!.id))) continue;
    if (wanted.since !== undefined && !fileReaches(file, major, wanted.since)) continue;
    await readMatching(log, reader, range, wanted, await openFile(log.store, file));
    if (wanted.keys.length > 1 && (reader.rows > log.most.rows || reader.bytes > log.most.bytes))
      return undefined;
  }
  return reader.finish();
}

async function readMatching(
  log: LogView,
  reader: ChangeReader,
  range: KeyRange,
  wanted: History,
  file: OpenFile,
): Promise<void> {
  const major = ownField(log.fields, POS_MAJOR);
  for (let g = 0; g < file.footer.rowGroups.length; g++) {
    const span = range.ofRowGroup(file.footer, g);
    const column = file.footer.columns.findIndex(c => c.fieldId === log.key[0]!.id);
    const nulls = column < 0 ? undefined : file.footer.rowGroups[g]!.columns[column]?.nulls;
    if (span.from >= span.to && !mayTruncate(nulls)) continue;
    if (wanted.since !== undefined && !rowGroupReaches(file.footer, g, major, wanted.since)) continue;
    const rows = matchingRows(await file.read(g, log.key), log.key, wanted);
    if (rows.length === 0) continue;
    const batch = await reader.read(file, g);
    reader.add(file, batch, await log.numbers.of(deltasOf(batch, rows)), rows);
  }
}

/** A TRUNCATE is a row without a key. */
function mayTruncate(nulls: number | undefined): boolean {
  return nulls === undefined || nulls > 0;
}

function matchingRows(batch: Batch, key: readonly Field[], wanted: Pick<History, 'keys'>): Uint32Array {
  const columns = selectFields(batch, [...key]).columns;
  const keys = encodeKeys(columns, batch.length);
  const first = columns[0]!;
  const rows: number[] = [];
  for (let row = 0; row < batch.length; row++) {
    if (first.valid && !first.valid[row]) {
      rows.push(row);
      continue;
    }
    const i = lowerBoundOf(wanted.keys, keys, row);
    if (i < wanted.keys.length && compareKeys(wanted.keys, i, keys, row) === 0) rows.push(row);
  }
  return Uint32Array.from(rows);
}

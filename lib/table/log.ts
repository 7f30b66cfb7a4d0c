import { type Changes, type Truncate, truncatesOf } from '../change/changes';
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
  for await (const { file, group, rows } of matches(log, wanted)) {
    await addRows(log, reader, { file, group, rows });
    if (wanted.keys.length > 1 && (reader.rows > log.most.rows || reader.bytes > log.most.bytes))
      return undefined;
  }
  return reader.finish();
}

/** What the log says of keys in other files than some: of which there is anything, and all TRUNCATEs. */
export interface Beside {
  /** By key: 1 where it has a change there. */
  readonly known: Uint8Array;
  readonly truncates: readonly Truncate[];
}

/** Reads the key's columns alone. A file of `own` that may have a TRUNCATE counts as another. */
export async function readBeside(log: LogView, wanted: History, own: ReadonlySet<string>): Promise<Beside> {
  const known = new Uint8Array(wanted.keys.length);
  const reader = new ChangeReader(log.fields);
  const [first] = log.key;
  const others = async function* () {
    for await (const live of log.files())
      if (!own.has(live.file.path) || mayTruncate(live.file.metrics.nullCounts.get(first!.id))) yield live;
  };
  for await (const { file, group, rows, keys } of matches({ ...log, files: others }, wanted)) {
    const truncates = rows.filter((_, i) => keys[i]! < 0);
    for (const key of keys) if (key >= 0) known[key] = 1;
    if (truncates.length > 0) await addRows(log, reader, { file, group, rows: truncates });
  }
  return { known, truncates: truncatesOf(reader.finish()) };
}

/** Rows of a row group that wanted keys have, and its TRUNCATEs. */
interface Match {
  readonly file: OpenFile;
  readonly group: number;
  readonly rows: Uint32Array;
}

async function addRows(log: LogView, reader: ChangeReader, { file, group, rows }: Match): Promise<void> {
  const batch = await reader.read(file, group);
  reader.add(file, batch, await log.numbers.of(deltasOf(batch, rows)), rows);
}

/** `keys` has each row's wanted key, -1 for a TRUNCATE. Row groups without any such row are left out. */
async function* matches(
  log: LogView,
  wanted: History,
): AsyncGenerator<Match & { readonly keys: Int32Array }> {
  const range = new KeyRange(log.key[0]!, wanted.columns[0]!);
  const { id } = log.key[0]!;
  const major = ownField(log.fields, POS_MAJOR);
  for await (const { file: listed } of log.files()) {
    if (listed.content !== 0) continue;
    const span = range.ofFile(listed);
    if (span.from >= span.to && !mayTruncate(listed.metrics.nullCounts.get(id))) continue;
    if (wanted.since !== undefined && !fileReaches(listed, major, wanted.since)) continue;
    const file = await openFile(log.store, listed);
    const column = file.footer.columns.findIndex(c => c.fieldId === id);
    for (const [group, { columns }] of file.footer.rowGroups.entries()) {
      const within = range.ofRowGroup(file.footer, group);
      const nulls = column < 0 ? undefined : columns[column]?.nulls;
      if (within.from >= within.to && !mayTruncate(nulls)) continue;
      if (wanted.since !== undefined && !rowGroupReaches(file.footer, group, major, wanted.since)) continue;
      const found = matchingRows(await file.read(group, log.key), log.key, wanted);
      if (found.rows.length > 0) yield { file, group, ...found };
    }
  }
}

/** A TRUNCATE is a row without a key. */
function mayTruncate(nulls: number | undefined): boolean {
  return nulls === undefined || nulls > 0;
}

function matchingRows(batch: Batch, key: readonly Field[], wanted: Pick<History, 'keys'>) {
  const columns = selectFields(batch, [...key]).columns;
  const encoded = encodeKeys(columns, batch.length);
  const first = columns[0]!;
  const rows: number[] = [];
  const keys: number[] = [];
  const add = (row: number, key: number) => {
    rows.push(row);
    keys.push(key);
  };
  for (let row = 0; row < batch.length; row++) {
    if (first.valid && !first.valid[row]) {
      add(row, -1);
      continue;
    }
    const i = lowerBoundOf(wanted.keys, encoded, row);
    if (i < wanted.keys.length && compareKeys(wanted.keys, i, encoded, row) === 0) add(row, i);
  }
  return { rows: Uint32Array.from(rows), keys: Int32Array.from(keys) };
}

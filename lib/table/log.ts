import type { Changes } from '../change/changes';
import { compareKeys, encodeKeys, lowerBoundOf } from '../change/key-order';
import { selectFields } from '../columnar/batch';
import type { Batch } from '../columnar/column';
import type { Field } from '../columnar/types';
import type { Entry } from '../ledger/entries';
import type { ObjectStore } from '../ports/object-store';
import { type OpenFile, openDelta, openFile } from './data-file';
import { deltaDamaged } from './errors';
import type { LiveFiles } from './live-files';
import type { Wanted } from './locate';
import { KeyRange } from './prune';
import { ChangeReader } from './read-changes';

/**
 * The log as one fold sees it: the files of the log table, and the numbers of the entries that count. A row whose
 * delta has no number here is not seen.
 */
export interface LogView {
  readonly store: ObjectStore;
  /** The log table's fields. */
  readonly fields: readonly Field[];
  readonly key: readonly Field[];
  /** Asked for only by a refold, as the entries are: both are as long as the log. */
  readonly files: () => Promise<LiveFiles>;
  /** The entries that count, by delta name: 1..(the cursor the commit will state). */
  readonly entries: () => Promise<ReadonlyMap<string, Entry>>;
}

/** All changes of the entries. A delta is read whole and checked; joined ones are read where they stand now. */
export async function readSlice(log: LogView, slice: readonly Entry[]): Promise<Changes> {
  const numbers = new Map(slice.map(entry => [entry.name, entry]));
  const reader = new ChangeReader(log.fields, numbers);
  const joined = new Map<string, JoinedEntry[]>();
  for (const entry of slice) {
    if (isJoined(entry)) {
      joined.set(entry.joined.key, [...(joined.get(entry.joined.key) ?? []), entry]);
      continue;
    }
    const file = await openDelta(log.store, entry);
    for (let g = 0; g < file.footer.rowGroups.length; g++) reader.add(file, await reader.read(file, g));
  }
  for (const entries of joined.values()) await readJoined(log, reader, entries);
  return reader.finish();
}

type JoinedEntry = Entry & Required<Pick<Entry, 'joined'>>;

function isJoined(entry: Entry): entry is JoinedEntry {
  return entry.joined !== undefined;
}

/** Rows of entries that one file holds among others; only row groups that have some are read. */
async function readJoined(
  log: LogView,
  reader: ChangeReader,
  entries: readonly JoinedEntry[],
): Promise<void> {
  const { key, bytes } = entries[0]!.joined;
  const file = await openFile(log.store, { path: log.store.uri(key), size: bytes });
  let missing = entries.reduce((sum, entry) => sum + entry.rows, 0);
  let start = 0;
  for (let g = 0; g < file.footer.rowGroups.length; g++) {
    const end = start + file.footer.rowGroups[g]!.rows;
    const rows = entries.flatMap(({ joined: { first }, rows: count }) => {
      const from = Math.max(first, start);
      return Array.from(
        { length: Math.max(0, Math.min(first + count, end) - from) },
        (_, i) => from + i - start,
      );
    });
    if (rows.length > 0) missing -= reader.add(file, await reader.read(file, g), Uint32Array.from(rows));
    start = end;
  }
  // Rows that bear another name than the ledger says would be left out in silence.
  if (missing > 0) throw deltaDamaged(key);
}

/** Every change that the log holds of the keys, and every TRUNCATE. */
export async function readHistory(log: LogView, wanted: Pick<Wanted, 'keys' | 'columns'>): Promise<Changes> {
  const reader = new ChangeReader(log.fields, await log.entries());
  const range = new KeyRange(log.key[0]!, wanted.columns[0]!);
  for (const live of (await log.files()).data) {
    const span = range.ofFile(live.file);
    if (span.from >= span.to && !mayTruncate(live.file.metrics.nullCounts.get(log.key[0]!.id))) continue;
    await readMatching(log, reader, range, wanted, await openFile(log.store, live.file));
  }
  return reader.finish();
}

async function readMatching(
  log: LogView,
  reader: ChangeReader,
  range: KeyRange,
  wanted: Pick<Wanted, 'keys' | 'columns'>,
  file: OpenFile,
): Promise<void> {
  for (let g = 0; g < file.footer.rowGroups.length; g++) {
    const span = range.ofRowGroup(file.footer, g);
    const column = file.footer.columns.findIndex(c => c.fieldId === log.key[0]!.id);
    const nulls = column < 0 ? undefined : file.footer.rowGroups[g]!.columns[column]?.nulls;
    if (span.from >= span.to && !mayTruncate(nulls)) continue;
    const keys = await file.read(g, log.key);
    const rows = matchingRows(keys, log.key, wanted);
    if (rows.length > 0) reader.add(file, await reader.read(file, g), rows);
  }
}

/** A TRUNCATE is a row without a key. */
function mayTruncate(nulls: number | undefined): boolean {
  return nulls === undefined || nulls > 0;
}

function matchingRows(batch: Batch, key: readonly Field[], wanted: Pick<Wanted, 'keys'>): Uint32Array {
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

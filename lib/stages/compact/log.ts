import type { ResolvedTable } from '../../config/resolved';
import { currentSchema } from '../../iceberg/metadata';
import { moveCompacted, readCompacted } from '../../ledger/compacted';
import { type Entry, entriesAfter, isLoad, markJoined } from '../../ledger/entries';
import type { LakePorts } from '../../ports/lake-ports';
import { statedCursor } from '../../table/cursor';
import { type LiveFiles, liveFiles } from '../../table/live-files';
import { type OpenTable, openTable } from '../../table/open';
import { openLog } from '../../table/renames';
import { replaceFiles } from '../../table/replace-files';
import { type Compacted, type CompactLimits, isSmall, SMALL_FILES_MIN } from './compact';
import { findJoined } from './find-joined';
import { joinDeltas } from './join-deltas';

/** Entries that one piece of work looks at, at most. */
const WINDOW_ENTRIES_MAX = 1000;

/**
 * Joins small deltas of one day into one file of the log (PROTOCOL.md, V2): the next entries that are merged, at most as
 * many as one file holds. While more are to come a day waits until it has SMALL_FILES_MIN of them; days of a full window
 * are joined from two on. A rollback of the table merges joined entries again from where they stand; one of the log
 * appends them so too, without rows that it has in other files (see logFiles).
 *
 * The commit comes first, then the entries are marked with where their rows stand, then the window counts as done.
 * Only a mark lets vacuum have the delta. After a crash between commit and marks the next run finds entries whose
 * deltas the log no longer names, and marks them by what the log's files say.
 */
export async function compactLog(
  ports: LakePorts,
  table: ResolvedTable,
  limits: CompactLimits,
): Promise<Compacted | undefined> {
  const current = await openTable(ports, table.name);
  const log = await openLog(ports, table);
  if (!current || !log) return undefined;
  const files = await liveFiles(ports.store, log.metadata);
  // Rows that another engine deleted are in the deltas still: a joined file would make that final.
  if (files.deletes.length > 0) return undefined;
  const bound = Math.min(...[current, log].map(({ metadata }) => statedCursor(metadata)?.through ?? 0));
  for (;;) {
    const window = await nextWindow(ports, table.name, bound, limits);
    const last = window.entries.at(-1);
    if (!last) return undefined;
    await markLost(ports, table.name, log, files, window.entries);
    const days = smallDeltas(ports, files, window.entries, limits);
    const least = window.full ? 2 : (limits.smallFilesMin ?? SMALL_FILES_MIN);
    const worth = days.filter(day => day.length >= least);
    const compacted =
      worth.length > 0 ? await join(ports, table.name, { log, files }, worth, limits) : undefined;
    if (worth.length > 0 && !compacted) return undefined;
    const waiting = window.full ? [] : days.filter(day => day.length < least).flat();
    await moveCompacted(ports.items, table.name, Math.min(last.n, ...waiting.map(entry => entry.n - 1)));
    if (compacted || !window.full) return compacted;
  }
}

/** The next entries through `bound` that compaction has not looked at; full: there may be more. */
async function nextWindow(ports: LakePorts, table: string, bound: number, { fileBytesMax }: CompactLimits) {
  const entries: Entry[] = [];
  let bytes = 0;
  for await (const entry of entriesAfter(ports.items, table, await readCompacted(ports.items, table))) {
    if (entry.n > bound) break;
    bytes += isLoad(entry) || entry.joined ? 0 : entry.bytes;
    const full = entries.length === WINDOW_ENTRIES_MAX || bytes > fileBytesMax;
    if (full && entries.length > 0) return { entries, full };
    entries.push(entry);
  }
  return { entries, full: false };
}

/** Marks entries that an earlier compaction joined and died before it marked. */
async function markLost(
  ports: LakePorts,
  table: string,
  log: OpenTable,
  files: LiveFiles,
  entries: readonly Entry[],
): Promise<void> {
  const live = new Set(files.data.map(f => f.file.path));
  const lost = entries.filter(
    entry => !isLoad(entry) && !entry.joined && !live.has(ports.store.uri(entry.key)),
  );
  if (lost.length === 0) return;
  const { fields } = currentSchema(log.metadata);
  await markJoined(ports.items, table, await findJoined(ports.store, table, files, fields, lost));
}

/** Entries whose deltas are small files of the log, by the day they were received. */
function smallDeltas(
  { store }: LakePorts,
  { data }: LiveFiles,
  entries: readonly Entry[],
  limits: CompactLimits,
): Entry[][] {
  const live = new Set(data.map(f => f.file.path));
  const days = new Map<string, Entry[]>();
  for (const entry of entries) {
    if (entry.joined || !isSmall(entry.bytes, limits) || !live.has(store.uri(entry.key))) continue;
    days.set(entry.dateReceived, [...(days.get(entry.dateReceived) ?? []), entry]);
  }
  return [...days.values()];
}

/** Writes a file a day, replaces the deltas by them in one commit, then marks the entries. */
async function join(
  ports: LakePorts,
  table: string,
  { log, files }: { log: OpenTable; files: LiveFiles },
  days: readonly Entry[][],
  limits: CompactLimits,
): Promise<Compacted | undefined> {
  const { fields } = currentSchema(log.metadata);
  const joined = [];
  for (const day of days) joined.push(await joinDeltas(ports, table, fields, day, limits));
  const entries = days.flat();
  const added = joined.map(one => one.file);
  const snapshot = await replaceFiles(ports, {
    base: log,
    files,
    replaced: new Set(entries.map(entry => ports.store.uri(entry.key))),
    spent: [],
    added,
  });
  if (!snapshot) return undefined;
  await markJoined(ports.items, table, new Map(joined.flatMap(one => [...one.marks])));
  return {
    table: log.name,
    files: { before: entries.length, after: added.length },
    rows: entries.reduce((sum, entry) => sum + entry.rows, 0),
    bytes: {
      read: entries.reduce((sum, entry) => sum + entry.bytes, 0),
      written: added.reduce((sum, file) => sum + file.size, 0),
    },
    snapshotId: snapshot['snapshot-id'],
  };
}

import type { ResolvedTable } from '../../config/resolved';
import { currentSchema } from '../../iceberg/metadata';
import { forgetAside } from '../../ledger/aside';
import { isCounted } from '../../ledger/counter';
import { type Entry, isLoad } from '../../ledger/entries';
import { pausedSince } from '../../ledger/paused';
import { noteMerged } from '../../ledger/waiting';
import type { LakePorts } from '../../ports/lake-ports';
import { commit } from '../../table/commit';
import { asWideAs, openCurrent, stateOf } from '../../table/current-table';
import { checkLedger, cursorSummary, readCursor } from '../../table/cursor';
import { commitContended } from '../../table/errors';
import { type FoldResult, foldInto } from '../../table/fold-into';
import { liveFiles } from '../../table/live-files';
import { appendToLog, logView } from '../../table/log-append';
import { deltasPortion } from '../../table/portion';
import { openLog } from '../../table/renames';
import { checkCast } from '../../table/retype';
import { foldLoad, sliceOfLoad } from './fold-load';
import { nextSlice } from './next-slice';
import { Pace } from './pace';
import type { After, MergeLimits, Slice } from './slice';

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
 * and cursor together. Undefined when nothing waits, or the table is paused. A refused commit plans afresh, from the new
 * metadata: a rollback would lose entries and a foreign MERGE double a key if anything planned before were kept
 * (PROTOCOL.md, M6).
 *
 * A crash before the log's commit leaves nothing; between the two commits the log is ahead of the table, and the
 * next merge folds the same entries; data files that nothing names wait for vacuum. A crash after both leaves the
 * table listed as waiting: the next merge finds nothing and takes it off.
 * @param pace where it is given, a load that takes longer is left to the next merge, which goes on with it: `again`
 */
export async function mergeNext(
  ports: LakePorts,
  table: ResolvedTable,
  limits: MergeLimits,
): Promise<Merged | undefined>;
export async function mergeNext(
  ports: LakePorts,
  table: ResolvedTable,
  limits: MergeLimits,
  pace: Pace,
): Promise<Merged | { readonly again: After } | undefined>;
export async function mergeNext(
  ports: LakePorts,
  table: ResolvedTable,
  limits: MergeLimits,
  pace: Pace = new Pace(ports.clock),
): Promise<Merged | { readonly again: After } | undefined> {
  if ((await pausedSince(ports.items, table.name)) !== undefined) return undefined;
  // Until something is numbered the log may be made anew, with other columns: no table of the old ones must stand.
  if (!(await isCounted(ports.items, table.name))) return undefined;
  for (let i = 0; i < TRIES; i++) {
    const found = await openLog(ports, table);
    if (!found) return undefined;
    const current = await openCurrent(ports, table, found);
    const log = asWideAs(current.metadata, found, ports.clock.now());
    const cursor = readCursor(table.name, current.metadata);
    await checkLedger(ports, table.name, cursor);
    await checkLedger(ports, table.name, readCursor(log.name, log.metadata));
    const files = await liveFiles(ports.store, current.metadata);
    checkCast(table.name, currentSchema(found.metadata).fields, files);
    const slice =
      (await sliceOfLoad(ports.items, table.name, cursor, files)) ??
      (await nextSlice(ports, table.name, cursor.through, limits));
    if (slice.length === 0) {
      await noteMerged(ports.items, table.name, cursor.through);
      return undefined;
    }
    const appended = await appendToLog(ports, table.name, log, slice.at(-1)!.n);
    if (!appended) continue;
    const read = { current, log: appended, cursor, files, slice };
    const merged = await mergeSlice(ports, table, read, { limits, pace });
    if (!merged) continue;
    if ('again' in merged) return merged;
    await noteMerged(ports.items, table.name, merged.through);
    if (isLoad(slice.at(-1)!)) await forgetAside(ports.items, table.name, merged.through);
    return merged;
  }
  throw commitContended(table.name, TRIES);
}

async function mergeSlice(
  ports: LakePorts,
  table: ResolvedTable,
  read: Slice,
  run: { readonly limits: MergeLimits; readonly pace: Pace },
): Promise<Merged | { readonly again: After } | undefined> {
  const { current, slice } = read;
  const folded = isLoad(slice.at(-1)!)
    ? await foldLoad(ports, table, read, run)
    : await foldDeltas(ports, table, read, run.limits);
  if ('again' in folded) return folded;
  const result = await commit(ports, current, {
    // Other engines stream what a table's appends add, and stop at its first overwrite.
    operation: table.key.length === 0 ? 'append' : 'overwrite',
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

function foldDeltas(
  ports: LakePorts,
  table: ResolvedTable,
  { current, log, cursor, files, slice }: Slice,
  limits: MergeLimits,
): Promise<FoldResult> {
  const state = stateOf(table, current, files, cursor);
  const view = logView(ports, table, log, slice.at(-1)!.n);
  return foldInto(ports, state, { log: view, portion: deltasPortion(slice) }, limits);
}

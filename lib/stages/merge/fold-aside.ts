import type { ResolvedTable } from '../../config/resolved';
import type { DataFile } from '../../iceberg/data-file';
import type { LakePorts } from '../../ports/lake-ports';
import { type CurrentTable, stateOf } from '../../table/current-table';
import { type Cursor, START } from '../../table/cursor';
import { type FoldResult, foldInto } from '../../table/fold-into';
import type { LiveFiles } from '../../table/live-files';
import { logView } from '../../table/log-append';
import type { OpenTable } from '../../table/open';
import type { FoldPlace } from '../../table/portion';
import { type FoldSpan, portionsOf } from './next-slice';
import type { Pace } from './pace';
import type { MergeLimits } from './slice';

/** Files that no commit names yet, or not all, and what is folded into them. */
export interface Aside {
  readonly files: LiveFiles;
  readonly cursor: Cursor;
  /** What the fold of portions changed. */
  readonly rows: FoldResult['rows'];
  /** Where the next portion begins, and the last entry that is folded. */
  readonly next: FoldPlace;
  readonly through: number;
}

/** Nothing yet. */
export const NOTHING: Aside = {
  files: { data: [], deletes: [] },
  cursor: START,
  rows: { new: 0, changed: 0, deleted: 0 },
  next: { after: START.through, groups: 0 },
  through: START.through,
};

/** What is folded: a table and its log as they were read, where the log's metadata has all that is. */
export interface Folding {
  readonly table: ResolvedTable;
  readonly current: CurrentTable;
  readonly log: OpenTable;
  /** Entries that are left out. */
  readonly skip?: FoldSpan['skip'];
  /** Through which entry every portion sees the log. Default: its own last. */
  readonly seen?: number;
  readonly limits: MergeLimits;
}

/**
 * Folds portion after portion as merges would, each seeing the log through its own end, but into files kept aside: one
 * commit may make all of it visible. A crash leaves files that nothing names.
 * @param from where it goes on. `fresh`: to have come there is progress, so that the time may be over at once
 * @returns what it came to, and whether the time was over before all was folded, and before the commit
 */
export async function foldAside(
  ports: LakePorts,
  folding: Folding,
  from: Aside,
  { pace, fresh }: { readonly pace: Pace; readonly fresh: boolean },
): Promise<{ readonly aside: Aside; readonly unfinished: boolean }> {
  const { table, current, log, skip, seen, limits } = folding;
  let aside = from;
  let moved = fresh;
  // Beyond every sequence number there is: no delete that stands reaches what is written now.
  const sequenceNumber = current.metadata['last-sequence-number'] + 1;
  const uncommitted = (file: DataFile) => ({ file, sequenceNumber });
  const span = { table: table.name, from: from.next, through: from.through, skip };
  const viewThrough = (n: number) => logView(ports, table, log, n);
  for await (const portion of portionsOf(ports, span, viewThrough(from.through), limits)) {
    if (moved && pace.over) return { aside, unfinished: true };
    const state = stateOf(table, current, aside.files, aside.cursor);
    const read = { log: viewThrough(seen ?? portion.entries.at(-1)!.n), portion };
    const result = await pace.step(() => foldInto(ports, state, read, limits));
    aside = { ...aside, ...foldedOnto(aside, result, uncommitted), next: portion.next };
    moved = true;
  }
  return { aside, unfinished: moved && pace.over };
}

function foldedOnto(
  { files, rows }: Aside,
  { added, removed, cursor, rows: more }: FoldResult,
  uncommitted: (file: DataFile) => LiveFiles['data'][number],
): Pick<Aside, 'files' | 'cursor' | 'rows'> {
  const kept = (all: LiveFiles['data']) => all.filter(f => !removed.has(f.file.path));
  return {
    files: { data: [...kept(files.data), ...added.map(uncommitted)], deletes: kept(files.deletes) },
    cursor,
    rows: {
      new: rows.new + more.new,
      changed: rows.changed + more.changed,
      deleted: rows.deleted + more.deleted,
    },
  };
}

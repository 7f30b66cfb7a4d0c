import type { ResolvedTable } from '../../config/resolved';
import type { DataFile } from '../../iceberg/data-file';
import type { LakePorts } from '../../ports/lake-ports';
import { type CurrentTable, stateOf } from '../../table/current-table';
import type { Cursor } from '../../table/cursor';
import { type FoldResult, foldInto } from '../../table/fold-into';
import type { LiveFiles } from '../../table/live-files';
import { logView } from '../../table/log-append';
import type { OpenTable } from '../../table/open';
import type { Portion } from '../../table/portion';
import type { WriteLimits } from '../../table/write-files';

/** Files that no commit names yet, or not all, and what is folded into them. */
export interface Aside {
  readonly files: LiveFiles;
  readonly cursor: Cursor;
}

/** What was folded aside, and what that changed. */
export interface FoldedAside extends Aside {
  readonly rows: FoldResult['rows'];
}

/** A table and its log as they were read; the log's metadata has all that is folded. */
export interface Folding {
  readonly current: CurrentTable;
  readonly log: OpenTable;
  /** Through which entry every portion sees the log. Default: its own last. */
  readonly seen?: number;
}

/**
 * Folds portion after portion as merges would, each seeing the log through its own end, but into files kept aside: one
 * commit may make all of it visible. A crash leaves files that nothing names.
 */
export async function foldAside(
  ports: LakePorts,
  table: ResolvedTable,
  { current, log, seen }: Folding,
  from: Aside,
  portions: AsyncIterable<Portion>,
  limits: WriteLimits,
): Promise<FoldedAside> {
  let fold = from;
  const rows = { new: 0, changed: 0, deleted: 0 };
  // Beyond every sequence number there is: no delete that stands reaches what is written now.
  const sequenceNumber = current.metadata['last-sequence-number'] + 1;
  const uncommitted = (file: DataFile) => ({ file, sequenceNumber });
  for await (const portion of portions) {
    const state = stateOf(table, current, fold.files, fold.cursor);
    const view = logView(ports, table, log, seen ?? portion.entries.at(-1)!.n);
    const { added, removed, cursor, ...result } = await foldInto(ports, state, view, portion, limits);
    for (const what of ['new', 'changed', 'deleted'] as const) rows[what] += result.rows[what];
    const kept = (files: LiveFiles['data']) => files.filter(f => !removed.has(f.file.path));
    fold = {
      files: {
        data: [...kept(fold.files.data), ...added.map(uncommitted)],
        deletes: kept(fold.files.deletes),
      },
      cursor,
    };
  }
  return { ...fold, rows };
}

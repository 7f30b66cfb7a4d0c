import type { Field } from '../columnar/types';
import type { DataFile } from '../iceberg/data-file';
import type { PartitionSpec } from '../iceberg/partition';
import type { LakePorts } from '../ports/lake-ports';
import { appendInto } from './append-into';
import { rewrittenRows } from './copy-on-write';
import type { Cursor } from './cursor';
import { type Decision, decide } from './decide';
import { Deletes, type FileDeletes } from './deletes';
import { rowsDoNotAddUp } from './errors';
import { filePlace } from './file-place';
import type { LiveFiles } from './live-files';
import type { LogView } from './log';
import { type FileAction, planMerge } from './plan';
import type { Portion } from './portion';
import type { Upserts } from './upserts';
import { type WriteLimits, writeFiles } from './write-files';

/** The current table as a merge finds it. */
export interface TableState {
  /** Folder of the table's data files. */
  readonly name: string;
  readonly fields: readonly Field[];
  /** Empty where rows are only ever added. */
  readonly key: readonly Field[];
  readonly spec: PartitionSpec;
  readonly sortOrderId: number | null;
  readonly files: LiveFiles;
  readonly cursor: Cursor;
  /** Whether entries already merged lack columns that the table has now. */
  readonly widened: boolean;
  readonly deletedWhen?: number;
}

/** What the fold of a slice changes: nothing of it is visible before a commit names it. */
export interface FoldResult {
  readonly added: readonly DataFile[];
  readonly removed: ReadonlySet<string>;
  readonly cursor: Cursor;
  readonly rows: Decision['rows'];
}

/**
 * Folds a portion of the log into the table (PROTOCOL.md, M2 to M4): fold, locate, plan, copy on write. Into a table
 * without a key its rows go as they are.
 */
export async function foldInto(
  ports: LakePorts,
  state: TableState,
  read: { readonly log: LogView; readonly portion: Portion },
  limits: WriteLimits,
): Promise<FoldResult> {
  if (state.key.length === 0) return appendInto(ports, state, read, limits);
  const { log, portion } = read;
  const deletes = await Deletes.read(ports.store, state.files, state.fields);
  const { cursor, rows, ...changes } = await decide(ports, { ...state, deletes }, log, portion);
  const fold = { state, upserts: changes.upserts, deletes, limits };
  const added: DataFile[] = [];
  const removed = new Set<string>();
  for (const action of planMerge(state, changes, limits.fileBytesMax)) {
    if (action.kind !== 'write') removed.add(action.live.file.path);
    added.push(...(await carryOut(ports, fold, action)));
  }
  const standing = new Set(state.files.data.map(f => f.file.path).filter(path => !removed.has(path)));
  for (const path of deletes.without(standing)) removed.add(path);
  return { added, removed, cursor, rows };
}

/** What every action of one fold needs. */
interface Fold {
  readonly state: TableState;
  readonly upserts: Upserts;
  readonly deletes: Deletes;
  readonly limits: WriteLimits;
}

/** Writes what an action leaves of its file and puts into it; no files when nothing is left. */
async function carryOut(
  ports: LakePorts,
  { state, upserts, deletes, limits }: Fold,
  action: FileAction,
): Promise<DataFile[]> {
  if (action.kind === 'remove') return [];
  if (action.kind === 'write') {
    const files = await writeFiles(
      ports,
      filePlace(state, action.partition),
      upserts.pieces(action.insert),
      limits,
    );
    return checked(state, files, action.insert.length);
  }
  const { live, drop, insert } = action;
  if (insert.length === 0 && drop.length === live.file.recordCount) return [];
  const standing = deletes.for(live);
  const rows = rewrittenRows(ports.store, action, standing, { ...state, upserts, limits });
  const files = await writeFiles(ports, filePlace(state, live.file.partition), rows, limits);
  return checked(state, files, expectedRows(action, standing));
}

/** Rows in + inserts - deletes = rows out; unknown where a foreign equality delete stands against the file. */
function expectedRows(action: FileAction & { kind: 'rewrite' }, standing: FileDeletes): number | undefined {
  if (standing.equalities.length > 0) return undefined;
  return action.live.file.recordCount - action.drop.length - standing.positions.size + action.insert.length;
}

function checked(state: TableState, files: DataFile[], expected: number | undefined): DataFile[] {
  const written = files.reduce((sum, f) => sum + f.recordCount, 0);
  if (expected !== undefined && written !== expected) throw rowsDoNotAddUp(state.name, expected, written);
  return files;
}

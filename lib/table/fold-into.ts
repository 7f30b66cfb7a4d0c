import { type Changes, positionAt, type Truncate, truncatesOf } from '../change/changes';
import { type Folded, foldOnto, PUT, REFOLD, REMOVE } from '../change/fold';
import { groupByKey, type KeyGroups } from '../change/group';
import { compareKeys, encodeKeys, lowerBoundOf } from '../change/key-order';
import { comparePositions, maxPosition, type Position } from '../change/position';
import { concatBatches, gatherBatch, selectFields } from '../columnar/batch';
import type { Batch, Column } from '../columnar/column';
import { concat, gather } from '../columnar/kernels';
import type { Field } from '../columnar/types';
import type { DataFile } from '../iceberg/data-file';
import { type PartitionSpec, partitionPath } from '../iceberg/partition';
import type { Entry } from '../ledger/entries';
import type { LakePorts } from '../ports/lake-ports';
import { rewrittenRows } from './copy-on-write';
import type { Cursor } from './cursor';
import { Deletes } from './deletes';
import { rowsDoNotAddUp } from './errors';
import { foldedRows, putGroups } from './folded-rows';
import type { LiveFiles } from './live-files';
import { keysBeyond, type Located, locate, sortedKeys, type Wanted } from './locate';
import { type LogView, readSlice } from './log';
import { planMerge, type Upserts } from './plan';
import { refold } from './refold';
import { type WriteLimits, writeFiles } from './write-files';

/** The current table as a merge finds it. */
export interface TableState {
  /** Folder of the table's data files. */
  readonly name: string;
  readonly fields: readonly Field[];
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
  readonly rows: { readonly new: number; readonly changed: number; readonly deleted: number };
}

/** Folds a slice of entries into the table (PROTOCOL.md, M2 to M4): fold, locate, plan, copy on write. */
export async function foldInto(
  ports: LakePorts,
  state: TableState,
  log: LogView,
  slice: readonly Entry[],
  limits: WriteLimits,
): Promise<FoldResult> {
  const changes = await readSlice(log, slice);
  const truncates = truncatesOf(changes);
  const partial = state.cursor.partial || state.widened || changes.absent.some(index => index > 0);
  const groups = groupByKey(
    changes,
    state.key.map(f => f.id),
  );
  const late = truncates.filter(t => comparePositions(t, state.cursor.greatest) < 0);
  const beyond =
    partial && late[0]
      ? await keysBeyond(ports.store, state.files, state.fields, state.key, late[0])
      : undefined;
  const wanted = wantedKeys(changes, groups, truncates, state, beyond, partial);
  const located = await locate(ports.store, state.files, state.fields, state.key, wanted);
  const merged = beyond ? refoldAll(groups) : foldSlice(changes, groups, truncates, state, located, partial);
  const upserts = await upsertsOf(log, state, changes, merged, located, wanted, beyond);
  return write(
    ports,
    state,
    slice,
    changes,
    { merged, located, upserts, partial, all: beyond !== undefined },
    limits,
  );
}

function foldSlice(
  changes: Changes,
  groups: KeyGroups,
  truncates: readonly Truncate[],
  state: TableState,
  located: Located,
  partial: boolean,
): Folded {
  const { greatest } = state.cursor;
  return foldOnto(changes, groups, {
    truncates,
    current: g => located.position(g),
    merged: greatest,
    partial,
    deletedWhen: state.deletedWhen,
  });
}

/** A late TRUNCATE of a partial table: the log alone knows what rows beyond it lose (PROTOCOL.md, M3). */
function refoldAll(groups: KeyGroups): Folded {
  return {
    action: new Uint8Array(groups.length).fill(REFOLD),
    from: new Int32Array(groups.length),
    filled: new Map(),
  };
}

function wantedKeys(
  changes: Changes,
  groups: KeyGroups,
  truncates: readonly Truncate[],
  state: TableState,
  beyond: Batch | undefined,
  partial: boolean,
): Wanted {
  const heads = Uint32Array.from({ length: groups.length }, (_, g) => groups.order[groups.starts[g]!]!);
  const columns = state.key.map(f =>
    gather(changes.columns[changes.fields.findIndex(c => c.id === f.id)]!, heads),
  );
  const truncate = truncates.at(-1);
  const keys = beyond ? union(columns, beyond) : { keys: groups.keys, columns };
  return { ...keys, truncate, wholeRows: partial && !beyond };
}

function union(columns: readonly Column[], beyond: Batch): Pick<Wanted, 'keys' | 'columns'> {
  const both = columns.map((column, i) => concat([column, beyond.columns[i]!]));
  return sortedKeys(both, both[0]!.length);
}

/** The rows to put: decided by the slice, or refolded from the log; sorted by key. */
async function upsertsOf(
  log: LogView,
  state: TableState,
  changes: Changes,
  folded: Folded,
  located: Located,
  wanted: Wanted,
  beyond: Batch | undefined,
): Promise<Upserts> {
  const fields = state.fields;
  const parts: Batch[] = [foldedRows(changes, folded, putGroups(folded), fields, located)];
  const unsure = beyond ? wanted : refoldGroups(folded, wanted);
  for await (const rows of refold(log, unsure, fields, state.deletedWhen)) parts.push(rows);
  const all = parts.length === 1 ? parts[0]! : sortRows(concatBatches(parts), state.key);
  return { rows: all, keys: encodeKeys(selectFields(all, [...state.key]).columns, all.length) };
}

function refoldGroups(folded: Folded, wanted: Wanted): Pick<Wanted, 'keys' | 'columns'> {
  const groups = Uint32Array.from(folded.action.keys()).filter(g => folded.action[g] === REFOLD);
  return sortedKeys(
    wanted.columns.map(c => gather(c, groups)),
    groups.length,
  );
}

function sortRows(rows: Batch, key: readonly Field[]): Batch {
  const keys = encodeKeys(selectFields(rows, [...key]).columns, rows.length);
  const order = Uint32Array.from({ length: rows.length }, (_, i) => i);
  return gatherBatch(
    rows,
    order.sort((a, b) => compareKeys(keys, a, keys, b)),
  );
}

interface Decided {
  readonly merged: Folded;
  readonly located: Located;
  readonly upserts: Upserts;
  readonly partial: boolean;
  /** Every located key is refolded, not only the slice's. */
  readonly all: boolean;
}

async function write(
  ports: LakePorts,
  state: TableState,
  slice: readonly Entry[],
  changes: Changes,
  decided: Decided,
  limits: WriteLimits,
): Promise<FoldResult> {
  const drops = dropsOf(decided);
  const { upserts } = decided;
  const actions = planMerge(state.files.data, drops, upserts, state.key, state.spec, limits.fileBytesMax);
  const deletes = await Deletes.read(ports.store, state.files, state.fields);
  const added: DataFile[] = [];
  const removed = new Set<string>();
  for (const action of actions) {
    const partition = action.kind === 'write' ? action.partition : action.live.file.partition;
    const rewrite = action.kind === 'rewrite' ? action : undefined;
    if (rewrite) removed.add(rewrite.live.file.path);
    const standing = rewrite ? deletes.for(rewrite.live) : undefined;
    const gone = rewrite ? rewrite.drop.length + standing!.positions.size : 0;
    if (rewrite && rewrite.insert.length === 0 && rewrite.drop.length === rewrite.live.file.recordCount)
      continue;
    const batches = rewrite
      ? rewrittenRows(ports.store, rewrite, upserts, standing!, state.fields, state.key)
      : once(gatherBatch(upserts.rows, action.insert));
    const files = await writeFiles(ports, placeOf(state, partition), batches, limits);
    const written = files.reduce((sum, f) => sum + f.recordCount, 0);
    const expected = (rewrite?.live.file.recordCount ?? 0) - gone + action.insert.length;
    const countable = !standing || standing.equalities.length === 0;
    if (countable && written !== expected) throw rowsDoNotAddUp(state.name, expected, written);
    added.push(...files);
  }
  const dropped = [...drops.values()].reduce((sum, d) => sum + d.length, 0);
  return {
    added,
    removed,
    cursor: nextCursor(state.cursor, slice, changes, decided.partial),
    rows: counts(decided, dropped),
  };
}

async function* once(batch: Batch): AsyncGenerator<Batch> {
  yield batch;
}

function placeOf(state: TableState, partition: DataFile['partition']) {
  const path = partitionPath(state.spec, state.fields, partition);
  return {
    folder: path ? `${state.name}/data/${path}` : `${state.name}/data`,
    fields: state.fields,
    specId: state.spec['spec-id'],
    partition,
    sortOrderId: state.sortOrderId,
  };
}

/** Row positions that go, by file: truncated rows, and the old rows of every key that is put, removed or refolded. */
function dropsOf({ merged, located, all }: Decided): Map<string, number[]> {
  const drops = new Map<string, Set<number>>();
  const add = (path: string, position: number) => {
    const set = drops.get(path) ?? new Set();
    drops.set(path, set);
    set.add(position);
  };
  for (const [path, hit] of located.hits) {
    hit.positions.forEach((position, i) => {
      const action = all ? REFOLD : merged.action[hit.keys[i]!];
      if (action === PUT || action === REMOVE || action === REFOLD) add(path, position);
    });
  }
  for (const [path, positions] of located.truncated) for (const position of positions) add(path, position);
  return new Map([...drops].map(([path, set]) => [path, [...set].sort((a, b) => a - b)]));
}

function counts({ located, upserts }: Decided, dropped: number): FoldResult['rows'] {
  let found = 0;
  for (const hit of located.hits.values()) found += hit.keys.length;
  const replaced = found === 0 ? 0 : replacedRows(located, upserts);
  return { new: upserts.rows.length - replaced, changed: replaced, deleted: dropped - replaced };
}

function replacedRows(located: Located, upserts: Upserts): number {
  let replaced = 0;
  for (let row = 0; row < upserts.keys.length; row++) {
    const i = lowerBoundOf(located.wanted, upserts.keys, row);
    if (i < located.wanted.length && compareKeys(located.wanted, i, upserts.keys, row) === 0) {
      if (located.position(i)) replaced++;
    }
  }
  return replaced;
}

function nextCursor(cursor: Cursor, slice: readonly Entry[], changes: Changes, partial: boolean): Cursor {
  let greatest: Position = cursor.greatest;
  for (let row = 0; row < changes.length; row++) greatest = maxPosition(greatest, positionAt(changes, row));
  const last = slice.at(-1)!;
  return { through: last.n, entry: last.name, greatest, partial };
}

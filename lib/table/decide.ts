import { type Changes, positionAt, type Truncate, truncatesOf } from '../change/changes';
import { type Folded, foldAlone, foldOnto, PUT, REFOLD, REMOVE } from '../change/fold';
import { groupByKey, type KeyGroups } from '../change/group';
import { compareKeys, lowerBoundOf } from '../change/key-order';
import { comparePositions, maxPosition, type Position } from '../change/position';
import type { Batch, Column } from '../columnar/column';
import { concat, gather } from '../columnar/kernels';
import type { Entry } from '../ledger/entries';
import type { LakePorts } from '../ports/lake-ports';
import type { Cursor } from './cursor';
import type { Deletes } from './deletes';
import type { TableState } from './fold-into';
import type { LiveFile } from './live-files';
import { keysBeyond, type Located, locate, type SearchedTable, sortedKeys, type Wanted } from './locate';
import { type History, type LogView, readBeside } from './log';
import type { RowChanges } from './plan';
import type { Portion } from './portion';
import { refold } from './refold';
import { placingFields, type Upserts, upsertsOf } from './upserts';

/** What a slice makes of the table, before any file is written. */
export interface Decision extends RowChanges {
  readonly cursor: Cursor;
  readonly rows: { readonly new: number; readonly changed: number; readonly deleted: number };
}

/** What a slice says, before any row of the table is looked for. */
interface Slice {
  readonly changes: Changes;
  readonly groups: KeyGroups;
  readonly truncates: readonly Truncate[];
  /** The table has received, or receives here, changes that lack columns. */
  readonly partial: boolean;
  /** Keys of the rows beyond a late TRUNCATE of a partial table: then every key is refolded (PROTOCOL.md, M3). */
  readonly beyond: Batch | undefined;
  /** Least major of the changes that may matter to a key's fold, undefined where all do. */
  readonly since: bigint | undefined;
}

/** Folds a slice onto the rows that stand: locates its keys, decides each, asks the log where it alone knows. */
export async function decide(
  ports: LakePorts,
  state: TableState & SearchedTable,
  log: LogView,
  portion: Portion,
): Promise<Decision> {
  const said = await readChanges(ports, state, log, portion);
  const wanted = wantedKeys(said, state);
  const located = await locate(ports.store, state, wanted);
  const onRows = said.beyond ? refoldAll(said.groups) : foldSlice(said, state, located);
  const folded = said.beyond ? onRows : await foldUnknown(log, portion, { state, said, wanted }, onRows);
  const unsure = said.beyond ? wanted : historyOf(refoldOf(folded), wanted);
  const refolded: Batch[] = [];
  for await (const rows of refold(log, unsure, state.fields, state.deletedWhen)) refolded.push(rows);
  const upserts = upsertsOf(ports.store, state, { changes: said.changes, folded, located }, refolded);
  const drops = dropsOf(folded, located, said.beyond !== undefined);
  return {
    drops,
    gone: located.gone,
    upserts,
    cursor: nextCursor(state.cursor, portion.entries, said),
    rows: counts(located, upserts, drops, rowsIn(located.gone, state.deletes)),
  };
}

async function readChanges(
  ports: LakePorts,
  state: TableState & SearchedTable,
  log: LogView,
  portion: Portion,
): Promise<Slice> {
  const changes = await portion.read(log);
  const truncates = truncatesOf(changes);
  const partial = state.cursor.partial || state.widened || changes.absent.some(index => index > 0);
  const groups = groupByKey(
    changes,
    state.key.map(f => f.id),
  );
  const late = truncates.find(t => comparePositions(t, state.cursor.greatest) < 0);
  const beyond = partial && late ? await keysBeyond(ports.store, state, late) : undefined;
  return {
    changes,
    groups,
    truncates,
    partial,
    beyond,
    since: partial ? undefined : leastMajor(portion.entries),
  };
}

function foldSlice(
  { changes, groups, truncates, partial }: Slice,
  state: TableState,
  located: Located,
): Folded {
  return foldOnto(changes, groups, {
    truncates,
    current: g => located.position(g),
    merged: state.cursor.greatest,
    partial,
    deletedWhen: state.deletedWhen,
  });
}

/**
 * A load brings keys by the million that the table has not, and that may have been deleted since. Of one that the log has
 * in no other file the load says all there is, but for TRUNCATEs: its rows need not be read again to say so.
 */
async function foldUnknown(
  log: LogView,
  { files }: Portion,
  { state, said, wanted }: { state: TableState; said: Slice; wanted: Wanted },
  folded: Folded,
): Promise<Folded> {
  const unsure = refoldOf(folded);
  if (!files || unsure.length === 0) return folded;
  const { known, truncates } = await readBeside(log, historyOf(unsure, wanted), files);
  const groups = unsure.filter((_, i) => !known[i]);
  return foldAlone(said.changes, said.groups, folded, { groups, truncates, deletedWhen: state.deletedWhen });
}

/** A late TRUNCATE of a partial table: the log alone knows what rows beyond it lose (PROTOCOL.md, M3). */
function refoldAll(groups: KeyGroups): Folded {
  return {
    action: new Uint8Array(groups.length).fill(REFOLD),
    from: new Int32Array(groups.length),
    fills: [],
    lacking: new Set(),
  };
}

function wantedKeys(
  { changes, groups, truncates, partial, beyond, since }: Slice,
  table: TableState,
): Wanted & History {
  const heads = Uint32Array.from({ length: groups.length }, (_, g) => groups.order[groups.starts[g]!]!);
  const columns = table.key.map(f =>
    gather(changes.columns[changes.fields.findIndex(c => c.id === f.id)]!, heads),
  );
  const keys = beyond ? union(columns, beyond) : { keys: groups.keys, columns };
  const values = partial && !beyond ? placingFields(table) : [];
  return { ...keys, truncate: truncates.at(-1), values, since };
}

function union(columns: readonly Column[], beyond: Batch): Pick<Wanted, 'keys' | 'columns'> {
  const both = columns.map((column, i) => concat([column, beyond.columns[i]!]));
  return sortedKeys(both, both[0]!.length);
}

/** While every change is whole, what stood before a change does not matter to it: only what came after it does. */
function leastMajor(slice: readonly Entry[]): bigint {
  const positions = slice.map(entry => entry.least);
  return positions.reduce((a, b) => (comparePositions(a, b) < 0 ? a : b)).major;
}

function refoldOf({ action }: Folded): Uint32Array {
  return Uint32Array.from(action.keys()).filter(g => action[g] === REFOLD);
}

/** The groups stand in the order of their keys. */
function historyOf(groups: Uint32Array, { columns, since }: Wanted): History {
  const keys = sortedKeys(
    columns.map(c => gather(c, groups)),
    groups.length,
  );
  return { ...keys, since };
}

/** Row positions that go, by file: truncated rows, and the old rows of every key that is put, removed or refolded. */
function dropsOf(merged: Folded, located: Located, all: boolean): Map<string, number[]> {
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

function counts(
  located: Located,
  upserts: Upserts,
  drops: Decision['drops'],
  gone: number,
): Decision['rows'] {
  const dropped = [...drops.values()].reduce((sum, d) => sum + d.length, gone);
  let found = 0;
  for (const hit of located.hits.values()) found += hit.keys.length;
  const replaced = found === 0 ? 0 : replacedRows(located, upserts);
  return { new: upserts.keys.length - replaced, changed: replaced, deleted: dropped - replaced };
}

/** Rows that stand in files; those that another engine deleted by their values count among them. */
function rowsIn(files: readonly LiveFile[], deletes: Deletes): number {
  return files.reduce((sum, live) => sum + live.file.recordCount - deletes.for(live).positions.size, 0);
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

function nextCursor(cursor: Cursor, slice: readonly Entry[], { changes, partial }: Slice): Cursor {
  let greatest: Position = cursor.greatest;
  for (let row = 0; row < changes.length; row++) greatest = maxPosition(greatest, positionAt(changes, row));
  const last = slice.at(-1)!;
  return { through: last.n, entry: last.name, greatest, partial };
}

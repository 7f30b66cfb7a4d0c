import { type Changes, positionAt, type Truncate, truncatesOf } from '../change/changes';
import { type Folded, foldOnto, PUT, REFOLD, REMOVE } from '../change/fold';
import { groupByKey, type KeyGroups } from '../change/group';
import { compareKeys, encodeKeys, lowerBoundOf } from '../change/key-order';
import { comparePositions, maxPosition, type Position } from '../change/position';
import { concatBatches, gatherBatch, selectFields } from '../columnar/batch';
import type { Batch, Column } from '../columnar/column';
import { concat, gather } from '../columnar/kernels';
import type { Field } from '../columnar/types';
import type { Entry } from '../ledger/entries';
import type { LakePorts } from '../ports/lake-ports';
import type { Cursor } from './cursor';
import type { TableState } from './fold-into';
import { foldedRows, putGroups } from './folded-rows';
import { keysBeyond, type Located, locate, type SearchedTable, sortedKeys, type Wanted } from './locate';
import { type LogView, readSlice } from './log';
import type { Upserts } from './plan';
import { refold } from './refold';

/** What a slice makes of the table, before any file is written. */
export interface Decision {
  /** Row positions that go, ascending, by data file path. */
  readonly drops: ReadonlyMap<string, readonly number[]>;
  readonly upserts: Upserts;
  readonly cursor: Cursor;
  readonly rows: { readonly new: number; readonly changed: number; readonly deleted: number };
}

/** Folds a slice onto the rows that stand: locates its keys, decides each, asks the log where it alone knows. */
export async function decide(
  ports: LakePorts,
  state: TableState & SearchedTable,
  log: LogView,
  slice: readonly Entry[],
): Promise<Decision> {
  const changes = await readSlice(log, slice);
  const truncates = truncatesOf(changes);
  const partial = state.cursor.partial || state.widened || changes.absent.some(index => index > 0);
  const groups = groupByKey(
    changes,
    state.key.map(f => f.id),
  );
  const late = truncates.filter(t => comparePositions(t, state.cursor.greatest) < 0);
  const beyond = partial && late[0] ? await keysBeyond(ports.store, state, late[0]) : undefined;
  const wanted = wantedKeys(changes, groups, truncates, state, beyond, partial);
  const located = await locate(ports.store, state, wanted);
  const merged = beyond ? refoldAll(groups) : foldSlice(changes, groups, truncates, state, located, partial);
  const upserts = await upsertsOf(log, state, changes, merged, located, wanted, beyond);
  const drops = dropsOf(merged, located, beyond !== undefined);
  return {
    drops,
    upserts,
    cursor: nextCursor(state.cursor, slice, changes, partial),
    rows: counts(located, upserts, drops),
  };
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

function counts(located: Located, upserts: Upserts, drops: Decision['drops']): Decision['rows'] {
  const dropped = [...drops.values()].reduce((sum, d) => sum + d.length, 0);
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

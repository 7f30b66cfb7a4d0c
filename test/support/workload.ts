import fc from 'fast-check';
import type { Scalar } from '../../lib/columnar/types';
import type { TableConfig } from '../../lib/config/define';
import { ALTERED, lakeRow, TYPED, type TypedChange, type TypedRow } from './typed-changes';

/** What befalls one table: changes before and after its ALTER, and the rows at the end as the lake holds them. */
export interface TableHistory {
  readonly name: string;
  readonly changes: readonly TypedChange[];
  /** How many of the changes came before `extra` was added and `grows` became a BIGINT. */
  readonly before: number;
  readonly rows: readonly Readonly<Record<string, Scalar>>[];
}

const NAMES = Array.from({ length: 10 }, (_, i) => `t${i}`);
const SHARES = 5;

/** Each column of every type stands in two of the ten tables. */
function columnsOf(table: number): string[] {
  const others = Object.keys(TYPED).filter(name => name !== 'id');
  return ['id', ...others.filter((_, i) => i % SHARES === table % SHARES)];
}

/** The tables as they are declared before or after the ALTER. */
export function tablesOf(altered: boolean, more: TableConfig = {}): Record<string, TableConfig> {
  return Object.fromEntries(
    NAMES.map((name, i) => {
      const typed = columnsOf(i).map(column => [column, TYPED[column]!.mysql] as const);
      const later: Record<string, string> = altered ? { grows: 'bigint', extra: 'string' } : { grows: 'int' };
      const columns = { ...Object.fromEntries(typed), ...later };
      return [name, { key: ['id'], columns, ...more }];
    }),
  );
}

const small = fc.bigInt(-(1n << 31n), (1n << 31n) - 1n);

function rowOf(table: number, altered: boolean): fc.Arbitrary<TypedRow> {
  const columns: Record<string, fc.Arbitrary<TypedRow[string]>> = {};
  for (const name of columnsOf(table)) columns[name] = fc.option(TYPED[name]!.values, { freq: 6 });
  columns.id = fc.bigInt(0n, 5n);
  columns.grows = fc.option(altered ? ALTERED.grows.values : small, { freq: 6 });
  if (altered) columns.extra = fc.option(ALTERED.extra.values, { freq: 6 });
  return fc.record(columns);
}

function stepOf(table: number, altered: boolean) {
  const op = fc.constantFrom('insert', 'update', 'update', 'move', 'delete', 'truncate');
  return fc.record({ op, row: rowOf(table, altered), pick: fc.nat() });
}

/** A history in which every change fits what was there: a copy, changes, the ALTER, more changes. */
function historyOf(table: number): fc.Arbitrary<TableHistory> {
  const loaded = fc.array(rowOf(table, false), { maxLength: 3 });
  const first = fc.array(stepOf(table, false), { maxLength: 6 });
  const then = fc.array(stepOf(table, true), { minLength: 1, maxLength: 6 });
  return fc.record({ loaded, first, then }).map(({ loaded, first, then }) => {
    const live = new Map<unknown, TypedRow>();
    const changes: TypedChange[] = [];
    for (const row of loaded) if (!live.has(row.id)) apply(live, changes, { op: 'load', row });
    for (const step of first) apply(live, changes, changeOf(live, step));
    const before = changes.length;
    // The new column is NULL where a row stood before it.
    for (const [id, row] of live) live.set(id, { ...row, extra: null });
    for (const step of then) apply(live, changes, changeOf(live, step));
    const rows = [...live.values()].map(row => lakeRow({ extra: null, ...row }));
    return { name: NAMES[table]!, changes, before, rows };
  });
}

interface Step {
  readonly op: string;
  readonly row: TypedRow;
  readonly pick: number;
}

/** The step as a change that fits; undefined where none does. */
function changeOf(live: ReadonlyMap<unknown, TypedRow>, { op, row, pick }: Step): TypedChange | undefined {
  const was = [...live.values()][pick % Math.max(1, live.size)];
  if (op === 'truncate') return pick % 4 === 0 ? { op } : undefined;
  if (op === 'insert') return live.has(row.id) ? undefined : { op, row };
  if (!was) return undefined;
  if (op === 'delete') return { op, was };
  if (op === 'move') return live.has(row.id) ? undefined : { op: 'update', row, was };
  return { op: 'update', row: { ...row, id: was.id! }, was };
}

function apply(live: Map<unknown, TypedRow>, changes: TypedChange[], change: TypedChange | undefined): void {
  if (!change) return;
  changes.push(change);
  if (change.op === 'truncate') live.clear();
  if (change.op === 'delete' || change.op === 'update') live.delete(change.was.id);
  if (change.op !== 'delete' && change.op !== 'truncate') live.set(change.row.id, change.row);
}

/** Ten tables' histories. */
export const workload: fc.Arbitrary<readonly TableHistory[]> = fc.tuple(...NAMES.map((_, i) => historyOf(i)));

import type { ResolvedTable } from '../../config/resolved';
import { type AsideRecord, asideOf } from './aside';
import type { Routed } from './route';

type Change = Routed<AsideRecord>;

/** Tells the lines of a quarantine record apart: one for each table that a record waits for. */
export const nameOf = ({ sequence, table }: AsideRecord) => `${sequence}/${table ?? ''}`;

/** The lines of a table's records: what waits for two tables that are gone may be a third's. */
export function linesOf(changes: readonly Change[], own: readonly Change[]): Map<string, Change[]> {
  const lines = new Map<string, Change[]>(own.map(({ sequence }) => [sequence, []]));
  for (const change of changes) lines.get(change.sequence)?.push(change);
  return lines;
}

/** Gives a record that a table has dealt with once for each of the others that take it. */
export function otherOwners(
  table: ResolvedTable,
  routes: ReadonlyMap<ResolvedTable, readonly Change[]>,
): (record: AsideRecord) => AsideRecord[] {
  const others = [...routes].flatMap(([other, changes]) =>
    other === table ? [] : [{ name: other.name, own: new Map(changes.map(c => [nameOf(c), c])) }],
  );
  return record =>
    others.flatMap(({ name, own }) => {
      const its = own.get(nameOf(record));
      return its ? [{ ...asideOf(its, record.fault, record.generation), table: name }] : [];
    });
}

/** The first of each name. */
export function onceEach<R>(records: readonly R[], name: (record: R) => string): R[] {
  const seen = new Set<string>();
  return records.filter(record => seen.size < seen.add(name(record)).size);
}

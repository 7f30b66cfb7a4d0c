import { tableNameOf } from './names';
import type { ResolvedLake, ResolvedTable, SourceTable } from './resolved';

/** As many tables may come in undeclared: their names are their senders'. */
export const UNDECLARED_MAX = 1000;

/** The name that an undeclared source table has in the lake; undefined where nothing of it can stand in one. */
export function undeclaredName({ table }: SourceTable): string | undefined {
  return /[a-z0-9]/i.test(table) ? tableNameOf(table) : undefined;
}

/** Why a source table that nothing takes in gets no table of its own; undefined where it may. */
export function undeclaredFault(
  lake: Pick<ResolvedLake, 'tables' | 'reports' | 'undeclared'>,
  from: SourceTable,
): string | undefined {
  if (lake.undeclared !== 'strings') return 'it is not declared';
  const name = undeclaredName(from);
  const declare = `declare a table with from: '${Object.values(from).join('.')}'`;
  if (name === undefined) return `its name makes none of the lake: ${declare}`;
  const taken = [...lake.tables, ...lake.reports].some(one => one.name === name);
  if (taken) return `${name} is the name of another: ${declare}`;
  const full = lake.tables.filter(table => table.undeclared).length >= UNDECLARED_MAX;
  return full ? `${UNDECLARED_MAX} tables came in undeclared: ${declare}` : undefined;
}

/** The table of a source table that nobody declared: every row of it, its columns as they come, as strings. */
export function tableOfStrings(
  lake: Pick<ResolvedLake, 'onBadRow'>,
  name: string,
  from: SourceTable,
): ResolvedTable {
  return {
    name,
    from,
    undeclared: true,
    mode: 'append',
    key: [],
    columns: [],
    partitionBy: [],
    omit: [],
    aliases: {},
    others: 'take',
    record: {},
    freshnessMs: 60_000,
    absent: 'null',
    onBadRow: lake.onBadRow,
    watch: false,
    load: { derive: {}, sortBy: [], duplicateKeys: 'refuse', groupBytes: 100_000_000 },
  };
}

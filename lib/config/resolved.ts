import type { PrimitiveType } from '../columnar/types';
import type { Transform } from '../iceberg/transform';
import type { ConfigValue, FormatConfig, LimitsConfig, OnBadRow } from './define';
import { keyMissing, noLoads } from './errors';
import type { DeployShape, LoadShape, SourceShape } from './schema';

/** A checked config with every default filled in: what all stages read. */
export interface ResolvedLake {
  name: string;
  timezone: string;
  /** Absolute folder of the config file. */
  folder: string;
  tables: ResolvedTable[];
  reports: ResolvedReport[];
  sources: Record<string, ResolvedSource>;
  limits: Limits;
  onBadRow: OnBadRow;
  undeclared: 'refuse' | 'strings';
  deploy: DeployShape;
}

export type ResolvedSource = SourceShape;

export interface ResolvedTable {
  name: string;
  /** Nobody declared it: its source's records came in (`undeclared: 'strings'`). */
  undeclared?: true;
  /** Empty in append tables, and where it still has to be named (requireKey). */
  key: string[];
  mode: 'merge' | 'append';
  /** Declared columns in declared order, omitted ones too: they hold a place in headerless files. */
  columns: { name: string; type: PrimitiveType }[];
  /** The types of the declared columns as the config names them: `datetime(6)` says more than `timestamp`. */
  written?: Record<string, string>;
  partitionBy: { column: string; transform: Transform }[];
  deletedWhen?: { column: string; equals: ConfigValue | null };
  from: SourceTable;
  omit: string[];
  /** Other names of columns at their sources, by the lake's name. */
  aliases: Record<string, string[]>;
  others: 'take' | 'omit';
  record: { text?: string; arrivedAt?: string };
  freshnessMs: number;
  where?: Record<string, ConfigValue>;
  absent: 'null' | 'unchanged';
  onBadRow: OnBadRow;
  format?: FormatConfig;
  watch: boolean;
  load: LoadShape;
  /** The Avro schema that rows in Avro are read as. */
  reader?: object;
}

/** A table as its source names it. */
export interface SourceTable {
  schema?: string;
  table: string;
}

export interface ResolvedReport {
  name: string;
  kind: 'table' | 'sql';
  /** kind table: the table reported on. */
  table?: string;
  /** kind sql: the file's absolute path, below the config's folder. */
  sqlFile?: string;
  schedule?: 'daily';
  params?: Record<string, string>;
}

export type Limits = Readonly<Required<LimitsConfig>>;

/**
 * The tables that take in a source table's changes, most often one; several have each a `where`, but one at most. Names
 * are compared with case. A `from` with the schema wins over one without, which takes the table of any schema. What
 * nobody declared takes what no declared table does.
 */
export function tablesFor(lake: Pick<ResolvedLake, 'tables'>, source: SourceTable): ResolvedTable[] {
  const sameTable = lake.tables.filter(table => table.from.table === source.table);
  const declared = sameTable.filter(table => !table.undeclared);
  const exact = declared.filter(table => table.from.schema === source.schema);
  if (exact.length > 0) return exact;
  const ofAny = declared.filter(table => table.from.schema === undefined);
  if (ofAny.length > 0) return ofAny;
  return sameTable.filter(table => table.undeclared && table.from.schema === source.schema);
}

/** Whether a column of its sources, by the lake's name, never enters the table. */
export function isOmitted(
  { omit, others, columns }: Pick<ResolvedTable, 'omit' | 'others' | 'columns'>,
  name: string,
): boolean {
  return omit.includes(name) || (others === 'omit' && !columns.some(column => column.name === name));
}

/** Throws TM_1010 if the key of a table that merges still has to be named; a config that only declares it loads. */
export function requireKey(table: ResolvedTable): void {
  if (table.mode === 'merge' && table.key.length === 0) throw keyMissing(table.name);
}

/** @throws TM_1010, TM_1011 for a table that takes no loads */
export function requireLoads(table: ResolvedTable): void {
  if (table.mode === 'append') throw noLoads(table.name, "mode: 'append'");
  if (table.where) throw noLoads(table.name, 'where');
  requireKey(table);
}

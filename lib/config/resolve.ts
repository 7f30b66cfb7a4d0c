import { dirname, resolve } from 'node:path';
import { parsePartitionBy } from '../iceberg/partition';
import { checkLake } from './check';
import { recordColumns } from './check-rows';
import type { LakeConfig } from './define';
import { dmsFormat } from './dms-format';
import { configInvalid, type Problem } from './errors';
import { leavesFolder } from './folder';
import { describeIssue, problemsOf, show } from './problems';
import { readReaders } from './readers';
import type { ResolvedLake, ResolvedReport, ResolvedTable, SourceTable } from './resolved';
import { type LakeShape, lakeSchema, type TableShape } from './schema';

/**
 * Checks a config and fills in its defaults. `file` is the config's absolute path: errors name it, and report
 * files are looked for beside it. Throws TM_1003 with every problem found.
 */
export function resolveLake(config: unknown, file: string): ResolvedLake {
  const result = lakeSchema.safeParse(config, { error: describeIssue });
  if (!result.success) throw configInvalid(file, problemsOf(result.error));
  const lake = result.data;
  const folder = dirname(file);
  const { readers, problems: unread } = readReaders(lake, folder);
  const problems = [...checkLake(lake), ...checkSqlFiles(lake, folder), ...unread];
  if (problems.length > 0) throw configInvalid(file, problems);
  return {
    name: lake.name,
    timezone: lake.timezone,
    folder,
    tables: Object.entries(lake.tables).map(([name, table]) => ({
      ...resolveTable(lake, name, table),
      ...writtenTypes(config as LakeConfig, name),
      ...(readers.has(name) ? { reader: readers.get(name)! } : {}),
    })),
    reports: Object.entries(lake.reports).map(([name, report]) => resolveReport(name, report, folder)),
    sources: lake.sources,
    limits: lake.limits,
    onBadRow: lake.onBadRow,
    undeclared: lake.undeclared,
    deploy: lake.deploy,
  };
}

function resolveTable(lake: LakeShape, name: string, table: TableShape): ResolvedTable {
  const { freshness, from: source, columns, partitionBy, key, format, reader: _, ...rest } = table;
  const from = sourceTable(source ?? name);
  const written = dmsFormat(lake.sources, from);
  return {
    ...rest,
    name,
    key: key ?? [],
    columns: [
      ...Object.entries(columns).map(([column, type]) => ({ name: column, type })),
      ...recordColumns(table)
        .filter(name => !Object.hasOwn(columns, name))
        .map(name => ({ name, type: 'string' as const })),
    ],
    partitionBy: partitionBy.map(expression => parsePartitionBy(expression)),
    from,
    freshnessMs: freshness,
    onBadRow: table.onBadRow ?? lake.onBadRow,
    ...(written || format ? { format: { ...written, ...format } } : {}),
  };
}

/** Of a config that fits its schema. */
function writtenTypes({ tables }: LakeConfig, name: string): Pick<ResolvedTable, 'written'> {
  const written = tables[name]?.columns ?? {};
  return Object.keys(written).length > 0 ? { written } : {};
}

/** The schema ends at the first dot. */
function sourceTable(from: string): SourceTable {
  const dot = from.indexOf('.');
  return dot < 0 ? { table: from } : { schema: from.slice(0, dot), table: from.slice(dot + 1) };
}

function resolveReport(name: string, report: LakeShape['reports'][string], folder: string): ResolvedReport {
  const { sql, ...rest } = report;
  return sql === undefined
    ? { ...rest, name, kind: 'table' }
    : { ...rest, name, kind: 'sql', sqlFile: resolve(folder, sql) };
}

/** A config is often somebody else's: its reports read SQL from its own folder only. */
function checkSqlFiles(lake: LakeShape, folder: string): Problem[] {
  return Object.entries(lake.reports).flatMap(([name, { sql }]) => {
    if (sql === undefined || !leavesFolder(folder, sql)) return [];
    const message = `${show(sql)} leaves the config's folder; keep the SQL file beside or below the config`;
    return [{ path: `reports.${name}.sql`, message }];
  });
}

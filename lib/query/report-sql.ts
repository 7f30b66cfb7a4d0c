import { duckdbType } from '../columnar/type-map';
import type { Field } from '../columnar/types';
import type { ResolvedLake, ResolvedReport } from '../config/resolved';
import type { LakePorts } from '../ports/lake-ports';
import type { Query, SqlParameter, WritingEngine } from '../ports/query-engine';
import { dateInvalid, reportTableEmpty } from './errors';
import { foldSql } from './fold-sql';
import { openQuery } from './open';
import { bindParameters } from './parameters';
import { quoteName } from './quote';
import { atSnapshot, throughEntry } from './read-from';
import { readLog } from './relations';
import { REPORT_DATE } from './report-fields';

/** What reports stand on. `readSql` gives the text of a report's SQL file. */
export interface ReportPorts extends LakePorts {
  readonly query: WritingEngine;
  readonly readSql: (file: string) => Promise<string>;
}

/** A report's SELECT for one date, without report_date, its parameters, and what it reads: `table@snapshot`. */
export interface ReportSource extends Query {
  readonly params: readonly SqlParameter[];
  readonly readFrom: readonly string[];
}

/**
 * The SELECT of a report. A SQL file sees the lake's views as of their newest snapshots, which go with
 * it; a report of a table is the fold of what was received up to the date.
 * @throws TM_6016 when the table has no log yet, TM_6007 to TM_6009 for a SQL file's parameters, TM_6018 for the date
 */
export async function reportSource(
  ports: ReportPorts,
  lake: ResolvedLake,
  report: ResolvedReport,
  date: string,
): Promise<ReportSource> {
  checkDate(date);
  if (report.kind === 'table') return tableSource(ports, lake, report, date);
  const named = Object.entries(report.params ?? {}).map(
    ([name, value]) => [name, { value, type: 'VARCHAR' as const }] as const,
  );
  const values = Object.fromEntries([[REPORT_DATE, { value: date, type: 'DATE' as const }], ...named]);
  const bound = bindParameters(await ports.readSql(report.sqlFile!), values, report.sqlFile!);
  const query = await openQuery(ports, lake, ports.query);
  const { views, snapshots } = await query.views(bound.sql);
  return { ...bound, views, readFrom: snapshots.map(atSnapshot) };
}

async function tableSource(
  ports: ReportPorts,
  lake: ResolvedLake,
  report: ResolvedReport,
  date: string,
): Promise<ReportSource> {
  const table = lake.tables.find(t => t.name === report.table)!;
  const log = await readLog(ports, table);
  if (!log) throw reportTableEmpty(report.name, table.name);
  return {
    sql: foldSql(log, 'CAST($1 AS DATE)'),
    params: [date],
    readFrom: [throughEntry(table.name, log.through)],
  };
}

/** The SELECT that a report's file is written from: its columns in the table's types, then report_date. */
export function writtenSql(source: ReportSource, fields: readonly Field[], date: string): ReportSource {
  const columns = fields.map(f => {
    const name = quoteName(f.name);
    const value = f.name === REPORT_DATE ? `$${source.params.length + 1}` : `q.${name}`;
    return `CAST(${value} AS ${duckdbType(f.type)}) AS ${name}`;
  });
  return {
    ...source,
    sql: `SELECT ${columns.join(', ')} FROM (${source.sql}\n) q`,
    params: [...source.params, date],
  };
}

/** @throws TM_6018 */
export function checkDate(date: string): void {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(date) : Number.NaN;
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== date) throw dateInvalid(date);
}

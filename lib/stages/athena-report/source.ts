import type { ResolvedLake, ResolvedReport, ResolvedTable } from '../../config/resolved';
import type { Statement } from '../../ports/query-engine';
import { athenaFoldSql } from '../../query/athena/fold-sql';
import { readAthenaLog } from '../../query/athena/log';
import { reportTableEmpty } from '../../query/errors';
import { bindParameters, type ParameterStyle } from '../../query/parameters';
import { quoteText } from '../../query/quote';
import { REPORT_DATE } from '../../query/report-fields';
import { checkDate } from '../../query/report-sql';
import { historyOf, logTableOf } from '../../table/columns';
import type { AthenaReportPorts } from './ports';

type SourcePorts = Pick<AthenaReportPorts, 'store' | 'catalog' | 'readSql' | 'databases'>;

/** A date of a report: what it is, and when. */
export interface ReportDate {
  readonly report: ResolvedReport;
  /** `YYYY-MM-DD` */
  readonly date: string;
}

/**
 * The SELECT of a report for one date, without report_date, as Athena sees it from the lake's database. A report of a
 * table is the fold of what was received up to the date.
 * @throws TM_6016 when the table has no log yet, TM_6007 to TM_6009 for a SQL file's parameters, TM_6018 for the date
 */
export async function athenaSource(
  ports: SourcePorts,
  lake: ResolvedLake,
  { report, date }: ReportDate,
  style: ParameterStyle = 'numbered',
): Promise<Required<Statement>> {
  checkDate(date);
  if (report.kind === 'table') {
    const table = lake.tables.find(t => t.name === report.table)!;
    const log = await readAthenaLog(ports, table);
    if (!log) throw reportTableEmpty(report.name, table.name);
    return { sql: athenaFoldSql(table, log, `DATE ${quoteText(date)}`, ports.databases.lake), params: [] };
  }
  const named = Object.entries(report.params ?? {}).map(
    ([name, value]) => [name, { value, type: 'VARCHAR' as const }] as const,
  );
  const values = Object.fromEntries([[REPORT_DATE, { value: date, type: 'DATE' as const }], ...named]);
  return bindParameters(await ports.readSql(report.sqlFile!), values, report.sqlFile!, style);
}

/** The lake's tables that a report speaks of, by themselves, their log or their history; all of them if none is found. */
export async function tablesRead(
  ports: Pick<AthenaReportPorts, 'readSql'>,
  lake: ResolvedLake,
  report: ResolvedReport,
): Promise<ResolvedTable[]> {
  if (report.kind === 'table') return lake.tables.filter(t => t.name === report.table);
  const words = new Set((await ports.readSql(report.sqlFile!)).toLowerCase().match(/\w+/g));
  const read = lake.tables.filter(({ name }) =>
    [name, logTableOf(name), historyOf(name)].some(word => words.has(word)),
  );
  return read.length > 0 ? read : lake.tables;
}

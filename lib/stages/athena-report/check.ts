import type { ResolvedLake } from '../../config/resolved';
import type { LakePorts } from '../../ports/lake-ports';
import type { QueryEngine } from '../../ports/query-engine';
import { explainSql } from '../../query/athena/explain';
import { withReportColumns } from '../../query/report-fields';
import { calledAsSource } from '../../query/report-table';
import { openTable } from '../../table/open';
import type { ReportCheck } from '../report';
import type { AthenaReportPorts } from './ports';
import { athenaSource, type ReportDate, tablesRead } from './source';
import { athenaColumns, athenaName } from './write';

type CheckPorts = LakePorts &
  Pick<AthenaReportPorts, 'readSql' | 'databases'> & {
    readonly query: Pick<QueryEngine, 'rows' | 'describe'>;
  };

/**
 * Explains a report's SQL on the engine that will run it, without running it: the columns it would have, whether the
 * report's table can take them, and the engine's plan. Waits for the engine: for the command line and the deploy.
 * @throws TM_6001 with the engine's words and line, TM_60xx for parameters and columns
 */
export async function checkReportOnAthena(
  ports: CheckPorts,
  lake: ResolvedLake,
  of: ReportDate,
): Promise<ReportCheck> {
  const { report } = of;
  const columns = athenaColumns(report.name, await ports.query.describe(await athenaSource(ports, lake, of)));
  const open = await openTable(ports, report.name);
  if (open) {
    const metadata = await calledAsSource(ports, lake, { report, open, spelled: athenaName });
    withReportColumns(metadata, report, columns, ports.clock.now());
  }
  const { sql } = await athenaSource(ports, lake, of, 'literal');
  const explained = await ports.query.rows({ sql: explainSql(sql) });
  return {
    report: report.name,
    columns,
    readFrom: (await tablesRead(ports, lake, report)).map(table => table.name),
    plan: explained.rows.map(row => String(row.at(-1))).join('\n'),
  };
}

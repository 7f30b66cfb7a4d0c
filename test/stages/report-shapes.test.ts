import type { LakeConfig, TableConfig } from '../../lib/config/define';
import { resolveLake } from '../../lib/config/resolve';
import { openQuery } from '../../lib/query/open';
import type { ReportPorts } from '../../lib/query/report-sql';
import { checkReport, type Reported, runReport } from '../../lib/stages/report';
import { applySchema } from '../../lib/stages/schema/apply';
import { type LocalLake, localLakes } from '../query/local-lake';
import { AthenaReportLake } from '../support/athena-report-lake';
import { mergeAll, take, testLake } from '../support/lake';

const lakes = localLakes();

const config = (table: TableConfig): LakeConfig => ({
  name: 'shop',
  tables: { t: table },
  reports: { daily: { table: 't' } },
});

const UA: TableConfig = { key: ['id'], columns: { id: 'bigint', ua: 'string' } };
const USER_AGENT: TableConfig = {
  key: ['id'],
  columns: { id: 'bigint', user_agent: 'string' },
  aliases: { user_agent: ['ua'] },
};

const under = (lake: LocalLake, table: TableConfig): LocalLake => ({
  ...lake,
  lake: resolveLake(config(table), '/config/tidemark.config.ts'),
});

const portsOf = (lake: LocalLake): ReportPorts => ({
  ...lake.ports,
  query: lake.engine,
  readSql: async () => '',
});

const run = (lake: LocalLake, date: string): Promise<Reported> =>
  runReport(portsOf(lake), lake.lake, lake.lake.reports[0]!, date);

/** A lake with a day of rows and its report. */
async function reported(table: TableConfig): Promise<LocalLake> {
  const lake = await lakes(config(table));
  await take(lake, '1.csv', 'id,ua\n1,5\n', { date: '2021-01-01', table: 't' });
  await mergeAll(lake, 't');
  await run(lake, '2021-01-01');
  return lake;
}

async function rowsOf(lake: LocalLake, columns: string): Promise<unknown[][]> {
  const query = await openQuery(lake.ports, lake.lake, lake.engine);
  const { rows } = await query.run(`SELECT ${columns} FROM daily ORDER BY report_date, id`);
  return rows.map(row => [...row]);
}

const BOTH = [
  [1n, '5', '2021-01-01'],
  [1n, '5', '2021-01-02'],
  [2n, '6', '2021-01-02'],
];

test('report.rename: the column of its source has the new name in all dates', async () => {
  const lake = under(await reported(UA), USER_AGENT);
  await take(lake, '2.csv', 'id,ua\n2,6\n', { date: '2021-01-02', table: 't' });
  await mergeAll(lake, 't');
  expect(
    (await checkReport(portsOf(lake), lake.lake, lake.lake.reports[0]!, '2021-01-02')).columns,
  ).toHaveLength(2);
  await run(lake, '2021-01-02');
  expect(await rowsOf(lake, '*')).toEqual(BOTH);
  expect(await rowsOf(lake, 'id, user_agent, report_date')).toEqual(BOTH);
  // The same once more, for a date that was built under the old name.
  await run(lake, '2021-01-01');
  expect(await rowsOf(lake, 'id, user_agent, report_date')).toEqual(BOTH);
});

test('report.rename: the log tells it where the config has forgotten the alias', async () => {
  const lake = under(await reported(UA), USER_AGENT);
  await take(lake, '2.csv', 'id,ua\n2,6\n', { date: '2021-01-02', table: 't' });
  await mergeAll(lake, 't');
  const { aliases: _, ...forgotten } = USER_AGENT;
  await run(under(lake, forgotten), '2021-01-02');
  expect(await rowsOf(lake, 'id, user_agent, report_date')).toEqual(BOTH);
});

test('report.retype: refused, in words about the table that it is of', async () => {
  const table: TableConfig = { key: ['id'], columns: { id: 'bigint', ua: 'int' } };
  const lake = under(await reported(UA), table);
  await applySchema(lake.ports, lake.lake, lake.lake.tables[0]!);
  const refused = {
    code: 'TM_6024',
    where: 'report daily',
    what: expect.stringContaining('column ua of table t was string, and int now'),
    next: expect.stringContaining("daily_2: { table: 't' }"),
  };
  await expect(run(lake, '2021-01-02')).rejects.toMatchObject(refused);
  await expect(
    checkReport(portsOf(lake), lake.lake, lake.lake.reports[0]!, '2021-01-02'),
  ).rejects.toMatchObject(refused);
  expect(await rowsOf(lake, '*')).toEqual(BOTH.slice(0, 1));
});

test('report.athena.rename: by a write of its own, in the spelling of Athena', async () => {
  const lake = new AthenaReportLake({ table: 't' });
  await lake.receive('2021-01-01');
  const columns = (v: string) => [
    { name: 'id', type: 'BIGINT' },
    { name: v, type: 'INTEGER' },
  ];
  lake.columns = columns('v');
  lake.rowsOf = () => [[1n, 5]];
  await lake.build('2021-01-01');
  const renamed = testLake({
    name: 'lake',
    tables: { t: { key: ['id'], columns: { id: 'bigint', Value: 'int' }, aliases: { Value: ['v'] } } },
    reports: { r: { table: 't' } },
  });
  lake.lake = { ...lake.lake, lake: renamed.lake };
  lake.columns = columns('value');
  await lake.build('2021-01-02');
  expect(await lake.columnNames()).toEqual(['1 id', '2 value', '3 report_date']);
  expect(await lake.shown()).toEqual(['2021-01-01 1 5', '2021-01-02 1 5']);
});

test('report.athena.retype: closes the attempt as failed, in words about the table', async () => {
  const lake = new AthenaReportLake({ table: 't' });
  await lake.receive('2021-01-01');
  lake.columns = [{ name: 'v', type: 'VARCHAR' }];
  lake.rowsOf = () => [['5']];
  await lake.build('2021-01-01');
  lake.columns = [{ name: 'v', type: 'INTEGER' }];
  await lake.build('2021-01-02');
  expect((await lake.attempt('2021-01-02'))?.error).toContain(
    '[TM_6024] column v of table t was string, and int now',
  );
});

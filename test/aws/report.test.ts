import { setTimeout as pause } from 'node:timers/promises';
import type { LakeConfig } from '../../lib/config/define';
import type { ResolvedReport } from '../../lib/config/resolved';
import { currentSchema } from '../../lib/iceberg/metadata';
import { readSteppedAttempt } from '../../lib/ledger/stepped-attempts';
import type { QueryEngine } from '../../lib/ports/query-engine';
import { continueReport, startReport } from '../../lib/stages/athena-report/athena-report';
import { checkReportOnAthena } from '../../lib/stages/athena-report/check';
import type { AthenaReportPorts, ReportProgress } from '../../lib/stages/athena-report/ports';
import { DATES, EMPLOYEES, employeesOn } from '../support/employees';
import { theTable } from '../support/foreign';
import { mergeAll, take } from '../support/lake';
import { athenaOver, madeWorkgroup } from './athena';
import { type QueryFault, setWorkGroup } from './stand-ins/controls';
import { objectsUnder, type StoredLake, storedLake } from './stored-lake';
import { trino } from './trino';

const CONFIG: LakeConfig = {
  name: 'hr',
  tables: {
    employees: EMPLOYEES,
  },
  reports: { daily: { table: 'employees' }, counts: { sql: 'counts.sql', params: { letter: "P'" } } },
};

/** Everything that Athena types otherwise than an Iceberg table of its own takes: a zone, milliseconds, upper case. */
const COUNTS = `SELECT department_id, count(*) AS people, min(forename) AS "First",
  CAST(now() AS timestamp) AS made_at, CAST(avg(manager_id) AS decimal(10, 2)) AS manager, max(employee_id) AS newest
FROM employees -- {{nobody}}
WHERE date_add('day', 0, {{report_date}}) >= DATE '2021-01-01' AND forename >= {{letter}} AND {{letter}} = 'P'''
GROUP BY department_id;`;

class AwsReports {
  private constructor(
    readonly lake: StoredLake,
    readonly ports: AthenaReportPorts,
    readonly engine: QueryEngine,
  ) {}

  sql = COUNTS;

  static async make(): Promise<AwsReports> {
    const lake = await storedLake('reports', CONFIG);
    const { client, jobs, engine } = athenaOver(lake.database);
    await madeWorkgroup(client, lake.database);
    const databases = { lake: lake.database, staging: `${lake.database}_staging` };
    const made: AwsReports = new AwsReports(
      lake,
      { ...lake.ports, jobs, staging: lake.staging, readSql: async () => made.sql, databases },
      engine,
    );
    for (const n of [1, 2, 3]) await made.receive(n);
    return made;
  }

  async receive(n: number, text = employeesOn(n)): Promise<void> {
    const options = { date: DATES[n - 1]!, table: 'employees' };
    expect((await take(this.lake, `${n}-${text.length}.csv`, text, options)).outcome).toBe('taken-in');
    await mergeAll(this.lake, 'employees');
  }

  async build(name: string, date: string): Promise<ReportProgress> {
    const report = this.report(name);
    let progress = await startReport(this.ports, this.lake.lake, report, date);
    while (progress.did === 'runs') {
      await pause(50);
      progress = await continueReport(this.ports, this.lake.lake, report, date);
    }
    return progress;
  }

  report(name: string): ResolvedReport {
    return this.lake.lake.reports.find(r => r.name === name)!;
  }

  async rows(sql: string): Promise<unknown[][]> {
    return (await trino(sql, this.lake.database)).rows.map(row => [...row]);
  }
}

let reports: AwsReports;
beforeAll(async () => {
  reports = await AwsReports.make();
}, 120_000);

const corrected = employeesOn(2).replace('M,Robert', 'M,Rob');

/** The newest row of each employee received by then, without those deleted. */
function expected(date: string, files: readonly string[]): string[] {
  const newest = new Map<string, string[]>();
  for (const line of files.flatMap(text => text.trim().split('\n').slice(1))) {
    newest.set(line.split(',')[0]!, line.split(','));
  }
  return [...newest.values()]
    .filter(cells => cells[6] !== 'true')
    .map(cells => [...cells.slice(0, 6), date].join(','))
    .sort();
}

const daily = async () =>
  (await reports.rows('SELECT * FROM daily')).map(row => row.map(v => v ?? '').join(',')).sort();

test('report.employees: 5, 7 and 9 rows by CREATE TABLE AS and INSERT INTO', async () => {
  for (const date of DATES) {
    const { did, attempt } = await reports.build('daily', date);
    expect([did, attempt?.error, attempt?.rows]).toEqual([
      'succeeded',
      undefined,
      5 + 2 * DATES.indexOf(date),
    ]);
  }
  const kinds = await Promise.all(
    DATES.map(async date => (await readSteppedAttempt(reports.ports.items, 'daily', date))!.attempt.kind),
  );
  expect(kinds).toEqual(['create', 'insert', 'insert']);
  expect(await daily()).toEqual(
    DATES.flatMap((date, i) => expected(date, [1, 2, 3].slice(0, i + 1).map(employeesOn))).sort(),
  );
}, 120_000);

test('report.rerun: one date is staged and adopted, the other dates keep their files', async () => {
  const before = await objectsUnder(reports.lake, 'daily/data/');
  await reports.receive(2, corrected);
  const { did, attempt } = await reports.build('daily', DATES[1]);
  expect([did, attempt?.error, attempt?.kind, attempt?.rows]).toEqual(['succeeded', undefined, 'restage', 7]);
  expect((await daily()).filter(row => /Rob,/.test(row)).map(row => row.slice(-10))).toEqual([DATES[1]]);
  expect((await daily()).length).toBe(21);
  expect(await objectsUnder(reports.lake, 'daily/data/')).toEqual(before);
  expect(await reports.lake.staging.list()).toEqual([]);
  const files = await reports.rows(
    `SELECT DISTINCT "$path" FROM daily WHERE report_date = DATE '${DATES[1]}'`,
  );
  expect(files.map(([path]) => String(path))).toEqual([
    expect.stringContaining(`/staging/daily/${attempt!.id}/`),
  ]);
}, 120_000);

test('report.late: a date has its rows once, though the engine fails after it landed, or lands after it failed', async () => {
  const [landed, late] = ['2021-01-04', '2021-01-05'] as const;
  const rows = async (date: string) => (await daily()).filter(row => row.endsWith(date));
  const whole = (date: string) => expected(date, [employeesOn(1), corrected, employeesOn(3)]);
  const into = (date: string, kind: QueryFault['kind'], match = 'INSERT INTO "reports_[0-9a-f]+"') =>
    setWorkGroup(reports.lake.database, { faults: [{ match, kind, afterMillis: 3000 }] }).then(() =>
      reports.build('daily', date),
    );
  expect((await into(landed, 'failed-but-landed')).did).toBe('failed');
  expect(await rows(landed)).toEqual(whole(landed));
  const again = await into(landed, 'lost', 'INSERT INTO "reports_[0-9a-f]+_staging"');
  expect([again.did, again.attempt?.kind]).toEqual(['succeeded', 'restage']);
  expect(await rows(landed)).toEqual(whole(landed));

  expect((await into(late, 'lands-late')).did).toBe('failed');
  expect((await reports.build('daily', late)).did).toBe('succeeded');
  while ((await rows(late)).length === whole(late).length) await pause(200);
  for (let did = 'runs'; did === 'runs'; await pause(50)) {
    ({ did } = await continueReport(reports.ports, reports.lake.lake, reports.report('daily'), late));
  }
  expect(await rows(late)).toEqual(whole(late));
}, 120_000);

test('report.sql: parameters are bound, columns named and cast, new ones added first', async () => {
  expect((await reports.build('counts', DATES[0])).attempt).toMatchObject({
    kind: 'create',
    state: 'succeeded',
  });
  reports.sql = COUNTS.replace('GROUP BY', "AND surname <> '?' GROUP BY").replace(
    'AS people',
    'AS people, 7 AS more',
  );
  expect((await reports.build('counts', DATES[1])).attempt).toMatchObject({
    kind: 'insert',
    state: 'succeeded',
  });
  expect((await reports.build('counts', DATES[0])).attempt).toMatchObject({
    kind: 'restage',
    state: 'succeeded',
  });
  const { metadata } = await theTable(reports.ports, 'counts');
  expect(currentSchema(metadata).fields.map(f => `${f.id} ${f.name} ${f.type}`)).toEqual([
    '1 department_id long',
    '2 people long',
    '3 first string',
    '4 made_at timestamp',
    '5 manager decimal(10,2)',
    '6 newest long',
    '8 more int',
    '7 report_date date',
  ]);
  const rows = await reports.rows('SELECT report_date, more, people > 0 FROM counts ORDER BY 1');
  expect(rows.map(row => row.join(' '))).toEqual(DATES.slice(0, 2).map(date => `${date} 7 true`));
}, 120_000);

test('report.failure: says where, leaves the last good date, and the next run is staged', async () => {
  const all = 'SELECT * FROM counts ORDER BY report_date';
  const before = await reports.rows(all);
  reports.sql = 'SELECT\n nothing\nFROM employees';
  const { did, attempt } = await reports.build('counts', DATES[2]);
  expect([did, attempt!.error]).toEqual(['failed', expect.stringMatching(/line 2:\d+.*nothing/)]);
  reports.sql = 'SELECT CAST(forename AS bigint) AS people FROM employees';
  expect((await reports.build('counts', DATES[2])).did).toBe('failed');
  expect(await reports.rows(all)).toEqual(before);
  reports.sql = 'SELECT count(*) AS people FROM employees';
  expect((await reports.build('counts', DATES[2])).attempt).toMatchObject({ kind: 'restage', rows: 1 });
}, 120_000);

test('report.empty: no rows are an empty date', async () => {
  reports.sql = 'SELECT count(*) AS people FROM employees HAVING false';
  expect((await reports.build('counts', DATES[2])).attempt).toMatchObject({ state: 'succeeded', rows: 0 });
  expect((await reports.build('counts', '2021-01-04')).attempt).toMatchObject({ kind: 'insert', rows: 0 });
  const [[rows]] = (await reports.rows(
    `SELECT count(*) FROM counts WHERE report_date >= DATE '${DATES[2]}'`,
  )) as [[string]];
  expect(rows).toBe('0');
}, 120_000);

test('report.created: after a CREATE TABLE AS that failed, what it left neither blocks nor shows', async () => {
  const other = await AwsReports.make();
  await other.ports.store.putIfAbsent('counts/data/left.parquet', Buffer.from('left'));
  other.sql = 'SELECT count(*) AS people FROM employees';
  const first = await other.build('counts', DATES[0]);
  expect([first.did, first.attempt!.error]).toEqual([
    'failed',
    expect.stringMatching(/non-empty|not empty/i),
  ]);
  expect((await other.build('counts', DATES[0])).attempt).toMatchObject({ kind: 'restage', rows: 1 });
  expect((await other.build('counts', DATES[1])).attempt).toMatchObject({ kind: 'insert', rows: 1 });
  expect((await other.rows('SELECT people FROM counts')).length).toBe(2);
}, 120_000);

test('report.check: columns and plan on the engine that will run it', async () => {
  reports.sql = COUNTS;
  const ports = { ...reports.ports, query: reports.engine };
  const check = (name: string) =>
    checkReportOnAthena(ports, reports.lake.lake, { report: reports.report(name), date: DATES[0] });
  const checked = await check('counts');
  expect(checked.columns.map(c => `${c.name} ${c.type}`)).toContain('made_at timestamp');
  expect(checked.plan).toMatch(/employees/);
  expect(checked.readFrom).toEqual(['employees']);
  expect((await check('daily')).columns.length).toBe(6);
  reports.sql = 'SELECT\n nothing\nFROM employees';
  await expect(check('counts')).rejects.toMatchObject({
    code: 'TM_6001',
    message: expect.stringContaining('line 2'),
  });
}, 120_000);

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ResolvedReport } from '../../lib/config/resolved';
import { readAttempt } from '../../lib/ledger/attempts';
import type { WritingEngine } from '../../lib/ports/query-engine';
import { openQuery } from '../../lib/query/open';
import type { ReportPorts } from '../../lib/query/report-sql';
import { checkReport, type Reported, runReport } from '../../lib/stages/report';
import { liveFiles } from '../../lib/table/live-files';
import { openTable } from '../../lib/table/open';
import { type LocalLake, localLakes } from '../query/local-lake';
import { DATES, EMPLOYEES, employeesOn } from '../support/employees';
import { mergeAll, take } from '../support/lake';

const lakes = localLakes();

const HR = {
  name: 'hr',
  tables: {
    employees: EMPLOYEES,
  },
  reports: { daily: { table: 'employees' }, counts: { sql: 'counts.sql', params: { letter: 'P' } } },
};

const COUNTS = `SELECT department_id, count(*) AS people -- {{nobody}}
FROM employees
WHERE {{report_date}} >= DATE '2021-01-01' AND forename >= {{ letter }}
GROUP BY department_id ORDER BY department_id;`;

function portsOf(lake: LocalLake, sql = COUNTS, engine: WritingEngine = lake.engine): ReportPorts {
  return { ...lake.ports, query: engine, readSql: async () => sql };
}

const named = (lake: LocalLake, name: string): ResolvedReport =>
  lake.lake.reports.find(r => r.name === name)!;

const run = (lake: LocalLake, name: string, date: string, sql?: string): Promise<Reported> =>
  runReport(portsOf(lake, sql), lake.lake, named(lake, name), date);

async function day(lake: LocalLake, n: number, content = employeesOn(n)): Promise<void> {
  await take(lake, `${n}-${content.length}.csv`, content, { date: `2021-01-0${n}`, table: 'employees' });
}

async function days(order: readonly number[], mergeEach = true): Promise<LocalLake> {
  const lake = await lakes(HR);
  for (const n of order) {
    await day(lake, n);
    if (mergeEach) await mergeAll(lake, 'employees');
  }
  await mergeAll(lake, 'employees');
  return lake;
}

async function rowsOf(lake: LocalLake, sql: string): Promise<unknown[][]> {
  const query = await openQuery(lake.ports, lake.lake, lake.engine);
  return (await query.run(sql)).rows.map(row => [...row]);
}

const ALL = 'SELECT * FROM daily ORDER BY report_date, employee_id';

async function dailies(lake: LocalLake): Promise<string[]> {
  for (const date of DATES) await run(lake, 'daily', date);
  return (await rowsOf(lake, ALL)).map(row => row.join(','));
}

/** seeds.md, S2: the newest row of each employee received by then, without those deleted. */
function expected(date: string, through: number): string[] {
  const newest = new Map<string, string[]>();
  for (let n = 1; n <= through; n++) {
    for (const line of employeesOn(n).trim().split('\n').slice(1)) {
      const cells = line.split(',');
      newest.set(cells[0]!, cells);
    }
  }
  return [...newest.values()]
    .filter(cells => cells[6] !== 'true')
    .sort((a, b) => Number(a[0]) - Number(b[0]))
    .map(cells => [...cells.slice(0, 6), date].join(','));
}

test('report.employees: 5, 7 and 9 rows, with the values of the source', async () => {
  const lake = await days([1, 2, 3]);
  const rows = await dailies(lake);
  expect(rows).toEqual([...expected(DATES[0]!, 1), ...expected(DATES[1]!, 2), ...expected(DATES[2]!, 3)]);
  expect(rows.length).toBe(21);
  const columns = await (await openQuery(lake.ports, lake.lake, lake.engine)).describe('daily');
  expect(columns.map(c => c.name)).toEqual([
    'employee_id',
    'sex',
    'forename',
    'surname',
    'department_id',
    'manager_id',
    'report_date',
  ]);
});

test('report.employees: the same whatever the order and batching of the days', async () => {
  const first = await dailies(await days([1, 2, 3]));
  expect(await dailies(await days([3, 1, 2]))).toEqual(first);
  expect(await dailies(await days([2, 3, 1, 2, 1], false))).toEqual(first);
});

const livePaths = async (lake: LocalLake, table: string): Promise<Map<string, Buffer>> => {
  const open = await openTable(lake.ports, table);
  const { data } = await liveFiles(lake.ports.store, open!.metadata);
  return new Map(data.map(({ file }) => [file.path, readFileSync(file.path)]));
};

test('report.correction: changes its date and later ones that say nothing newer, never earlier ones', async () => {
  const lake = await days([1, 2, 3]);
  const before = await dailies(lake);
  const files = await livePaths(lake, 'daily');
  const corrected = employeesOn(2).replace('M,Robert', 'M,Rob').replace('F,Iris', 'F,Irene');
  await day(lake, 2, corrected);
  await mergeAll(lake, 'employees');
  const again = await run(lake, 'daily', '2021-01-02');
  expect(again).toMatchObject({ rows: 7, replaced: true });
  const after = await livePaths(lake, 'daily');
  const kept = [...files].filter(([path]) => after.has(path));
  expect(kept.length).toBe(2);
  for (const [path, bytes] of kept) expect(after.get(path)).toEqual(bytes);
  await run(lake, 'daily', '2021-01-01');
  await run(lake, 'daily', '2021-01-03');
  const rows = (await rowsOf(lake, ALL)).map(row => row.join(','));
  const changed = rows.filter(row => !before.includes(row));
  expect(changed).toEqual([
    '6,M,Rob,Roberts,1,17,2021-01-02',
    '7,F,Irene,Alexander,1,17,2021-01-02',
    '6,M,Rob,Roberts,1,17,2021-01-03',
  ]);
});

test('report.sql: parameters are bound, columns have ids, later runs keep other dates', async () => {
  const lake = await days([1, 2, 3]);
  const first = await run(lake, 'counts', '2021-01-01');
  expect(first).toMatchObject({ rows: 1, replaced: false });
  await run(lake, 'counts', '2021-01-02');
  const wider = COUNTS.replace('AS people', 'AS people, min(forename) AS first_name');
  const evolved = await run(lake, 'counts', '2021-01-02', wider);
  expect(evolved.replaced).toBe(true);
  expect(await rowsOf(lake, 'SELECT * FROM counts ORDER BY report_date, department_id')).toEqual([
    [1n, 3n, null, '2021-01-01'],
    [1n, 3n, 'Pip', '2021-01-02'],
  ]);
});

test('report.empty: a date without rows replaces its rows by none', async () => {
  const lake = await days([1]);
  await run(lake, 'counts', '2021-01-01');
  const none = await run(lake, 'counts', '2021-01-01', COUNTS.replace('WHERE', 'WHERE false AND'));
  expect(none).toMatchObject({ rows: 0, replaced: true });
  expect(await rowsOf(lake, 'SELECT * FROM counts')).toEqual([]);
});

test('report.failure: leaves nothing a reader can see', async () => {
  const lake = await days([1]);
  const broken = 'SELECT CAST(forename AS int) AS n FROM employees';
  await expect(run(lake, 'counts', '2021-01-01', broken)).rejects.toMatchObject({ code: 'TM_6001' });
  expect(await openTable(lake.ports, 'counts')).toBeUndefined();
  expect(await readAttempt(lake.ports.items, 'counts', '2021-01-01')).toMatchObject({ state: 'failed' });
  await run(lake, 'counts', '2021-01-01');
  const before = await openTable(lake.ports, 'counts');
  await expect(run(lake, 'counts', '2021-01-01', broken)).rejects.toMatchObject({ code: 'TM_6001' });
  expect((await openTable(lake.ports, 'counts'))!.pointer).toEqual(before!.pointer);
});

test('report.overtaken: a run that another one replaced commits nothing', async () => {
  const lake = await days([1]);
  let second: Promise<Reported> | undefined;
  const slow: WritingEngine = {
    ...lake.engine,
    async writeParquet(order) {
      const files = await lake.engine.writeParquet(order);
      second = run(lake, 'counts', '2021-01-01');
      await second;
      return files;
    },
  };
  const first = runReport(portsOf(lake, COUNTS, slow), lake.lake, named(lake, 'counts'), '2021-01-01');
  await expect(first).rejects.toMatchObject({ code: 'TM_6013' });
  const { id, state } = (await readAttempt(lake.ports.items, 'counts', '2021-01-01'))!;
  expect([id, state]).toEqual([(await second!).attempt, 'succeeded']);
  expect((await rowsOf(lake, 'SELECT * FROM counts')).length).toBe(1);
});

test('report.staging: nothing is written below the table before it is committed', async () => {
  const lake = await days([1]);
  let below: string[] = [];
  const watching: WritingEngine = {
    ...lake.engine,
    async writeParquet(order) {
      const files = await lake.engine.writeParquet(order);
      below = existsSync(join(lake.folder, 'counts')) ? readdirSync(join(lake.folder, 'counts')) : [];
      expect(files.every(f => f.startsWith(join(lake.folder, 'staging/counts/')))).toBe(true);
      return files;
    },
  };
  await runReport(portsOf(lake, COUNTS, watching), lake.lake, named(lake, 'counts'), '2021-01-01');
  expect(below).toEqual([]);
});

test('report.check: columns and plan without running', async () => {
  const lake = await days([1]);
  const check = await checkReport(portsOf(lake), lake.lake, named(lake, 'counts'), '2021-01-01');
  expect(check.columns).toEqual([
    { name: 'department_id', type: 'long' },
    { name: 'people', type: 'long' },
  ]);
  expect(check.plan).toContain('PARQUET');
  const wrong = checkReport(
    portsOf(lake, 'SELECT\n nothing\nFROM employees'),
    lake.lake,
    named(lake, 'counts'),
    DATES[0]!,
  );
  await expect(wrong).rejects.toMatchObject({ code: 'TM_6001', message: expect.stringContaining('LINE 2') });
});

test.each([
  ['SELECT {{report_date}} AS report_date', 'TM_6012'],
  ['SELECT sum(manager_id) AS total FROM employees', 'TM_6010'],
  ['SELECT 1 AS a, 2 AS A', 'TM_6011'],
  ['SELECT {{other}} AS a', 'TM_6007'],
  ["SELECT '{{report_date}}' AS a", 'TM_6008'],
  ["SELECT 'a", 'TM_6009'],
])('report.refused: %s', async (sql, code) => {
  const lake = await days([1]);
  await expect(run(lake, 'counts', '2021-01-01', sql)).rejects.toMatchObject({ code });
});

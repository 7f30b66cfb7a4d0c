import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { EXAMPLES, folder, json, tidemark } from './terminal';

const DATES = ['2021-01-01', '2021-01-02', '2021-01-03'];

async function threeDays(): Promise<string> {
  const cwd = folder();
  cpSync(join(EXAMPLES, 'employees'), cwd, { recursive: true });
  for (const [i, date] of DATES.entries()) {
    const ran = await tidemark(cwd, ['ingest', `day${i + 1}.csv`, '--table', 'employees', '--date', date]);
    expect(ran).toMatchObject({ code: 0, err: '' });
  }
  return cwd;
}

let cwd: string;
beforeAll(async () => {
  cwd = await threeDays();
});

test('ingest.line', async () => {
  const fresh = folder();
  cpSync(join(EXAMPLES, 'employees'), fresh, { recursive: true });
  const args = ['ingest', 'day1.csv', '--table', 'employees', '--date', '2021-01-01'];
  const first = await tidemark(fresh, args);
  expect(first.out).toMatch(
    /^day1\.csv {2}2021-01-01 {2}delta 1 {2}5 rows {3}5 new {3}5 rows \(wrote \d+ KB of \d+ KB\)\n$/,
  );
  expect(await tidemark(fresh, args)).toEqual({
    code: 0,
    out: 'day1.csv  seen before, nothing to do\n',
    err: '',
  });
  const again = json(await tidemark(fresh, [...args, '--again', '--output', 'json']));
  expect(again).toMatchObject([{ file: 'day1.csv', outcome: 'taken-in', delta: 2, new: 0, table_rows: 5 }]);
});

test('ingest.no-merge, merge and status --check', async () => {
  const fresh = folder();
  cpSync(join(EXAMPLES, 'employees'), fresh, { recursive: true });
  await tidemark(fresh, ['ingest', 'day1.csv', 'day2.csv', '--table', 'employees', '--no-merge']);
  const status = await tidemark(fresh, ['status', '--output', 'json']);
  expect(json(status)).toMatchObject([{ rows: 0, waiting_entries: 2, waiting_rows: 8, behind: false }]);
  expect((await tidemark(fresh, ['status', '--check'])).code).toBe(0);
  expect((await tidemark(fresh, ['merge'])).out).toMatch(
    /^employees {2}2 entries merged, through 2 {2}7 new/,
  );
  expect((await tidemark(fresh, ['merge'])).out).toBe('employees  nothing waits\n');
});

test('status.behind its freshness', async () => {
  const fresh = folder();
  const config = "export default { name: 'hr', tables: { visits: { key: ['id'], freshness: '1 second' } } };";
  writeFileSync(join(fresh, 'tidemark.config.mjs'), config);
  writeFileSync(join(fresh, 'visits.csv'), 'id\n1\n');
  await tidemark(fresh, ['ingest', 'visits.csv', '--no-merge']);
  await new Promise(resolve => setTimeout(resolve, 1100));
  const status = await tidemark(fresh, ['status', '--check', '--output', 'json']);
  expect(status.code).toBe(4);
  expect(json(status)).toMatchObject([{ waiting_entries: 1, behind: true }]);
  // A repeat of the file merges what its first run left.
  expect((await tidemark(fresh, ['ingest', 'visits.csv'])).out).toContain('seen before, merged now   1 new');
  expect((await tidemark(fresh, ['status', '--check'])).code).toBe(0);
});

test('ingest.dry-run writes nothing', async () => {
  const fresh = folder();
  cpSync(join(EXAMPLES, 'employees'), fresh, { recursive: true });
  const dry = await tidemark(fresh, ['ingest', 'day1.csv', '--table', 'employees', '--dry-run']);
  expect(dry.out).toContain('checked, nothing written  5 rows');
  expect(json(await tidemark(fresh, ['status', '--output', 'json']))).toMatchObject([{ waiting_entries: 0 }]);
  expect((await tidemark(fresh, ['trace', 'day1.csv'])).err).toMatch(/^\[TM_7006\]/);
});

test('report.three dates, and one again', async () => {
  const args = [
    'report',
    'employees_daily',
    '--from',
    '2021-01-01',
    '--to',
    '2021-01-03',
    '--output',
    'json',
  ];
  expect(json(await tidemark(cwd, args)).map(row => row.rows)).toEqual([5, 7, 9]);
  const again = await tidemark(cwd, ['report', 'employees_daily', '--date', '2021-01-02']);
  expect(again.out).toBe('employees_daily  2021-01-02  7 rows  replaced\n');
  const total = await tidemark(cwd, ['query', 'select count(*) n from employees_daily', '--output', 'csv']);
  expect(total.out).toBe('n\r\n21\r\n');
  const check = await tidemark(cwd, ['report', 'employees_daily', '--check', '--output', 'csv']);
  expect(check.out).toContain('employee_id,long\r\n');
});

test('trace.file', async () => {
  await tidemark(cwd, ['report', 'employees_daily', '--from', '2021-01-01', '--to', '2021-01-03']);
  const { out } = await tidemark(cwd, ['trace', 'day2.csv']);
  expect(out).toMatch(/^received \S+ > delta 2 > snapshot \d+ > report employees_daily 2021-01-0[23] > /);
  expect(out).not.toContain('2021-01-01');
  const steps = json(await tidemark(cwd, ['trace', 'day3.csv', '--output', 'json'])).map(row => row.step);
  expect(steps.slice(0, 3)).toEqual(['received', 'taken-in', 'merged']);
});

test('trace.key', async () => {
  const touched = json(
    await tidemark(cwd, ['trace', '--table', 'employees', '--key', '5', '--output', 'json']),
  );
  expect(touched.map(row => [String(row.file).split('/').at(-1), row.delta, row.date])).toEqual([
    ['day1.csv', 1, '2021-01-01'],
    ['day2.csv', 2, '2021-01-02'],
  ]);
});

test('history.row', async () => {
  const rows = json(await tidemark(cwd, ['history', 'employees', '7', '--output', 'json']));
  expect(rows.map(row => [row.department_id, row.valid_to === null])).toEqual([
    ['1', false],
    ['2', true],
  ]);
});

test('diff.since a snapshot', async () => {
  const snapshots = json(await tidemark(cwd, ['trace', 'day1.csv', '--output', 'json']));
  const since = String(snapshots.find(row => row.step === 'merged')?.snapshot);
  const { out } = await tidemark(cwd, ['diff', 'employees', '--since', since]);
  expect(out).toContain('changed  5  department_id: NULL -> 2, manager_id: 17 -> 18\n');
  expect(out).toMatch(/^deleted {2}1 {2}employee_id: 1, sex: M, forename: Dexter/m);
});

test('query.as-of names its snapshot', async () => {
  const merged = json(await tidemark(cwd, ['trace', 'day1.csv', '--output', 'json']));
  const id = String(merged.find(row => row.step === 'merged')?.snapshot);
  const then = await tidemark(cwd, [
    'query',
    'select count(*) n from employees',
    '--as-of',
    id,
    '--output',
    'json',
  ]);
  expect(json(then)).toEqual([{ n: '5' }]);
  expect(then.err).toContain(`employees as of snapshot ${id}`);
});

test('query.forms of values', async () => {
  const sql = `select 1 small, 9007199254740993::bigint big, 12.50::decimal(10,2) amount,
    12345678901234567890.12::decimal(22,2) wide, 'a "b", c' quoted, '' blank, null as nothing, true as yes`;
  const row = json(await tidemark(cwd, ['query', sql, '--output', 'json']))[0];
  expect(row).toEqual({
    ...{ small: 1, big: '9007199254740993', amount: '12.50', wide: '12345678901234567890.12' },
    ...{ quoted: 'a "b", c', blank: '', nothing: null, yes: true },
  });
  const csv = await tidemark(cwd, ['query', sql, '--output', 'csv']);
  expect(parse(csv.out)[1]).toEqual([
    '1',
    '9007199254740993',
    '12.50',
    '12345678901234567890.12',
    'a "b", c',
    '',
    '',
    'true',
  ]);
  expect(csv.out).toContain(',"",,true');
  const table = await tidemark(cwd, ['query', "select 'a\x1b[31m\nb' x, 2 n"]);
  expect(table.out).toBe('  x         n\n  a·[31m⏎b  2\n');
});

test('query.shell goes on after a fault', async () => {
  const stdin = 'select 1 as one;\nselect nothing;\n.tables\nselect\n  2 as two\n;\nselect 3 as three';
  const ran = await tidemark(cwd, ['query', '--output', 'csv'], { stdin });
  expect(ran.code).toBe(1);
  expect(ran.err).toContain('[TM_6001]');
  expect(ran.out).toContain('one\r\n1\r\n');
  expect(ran.out).toContain('employees_history,history');
  expect(ran.out).toContain('two\r\n2\r\nthree\r\n3\r\n');
});

test('tables and describe', async () => {
  const tables = json(await tidemark(cwd, ['tables', '--output', 'json']));
  expect(tables.find(row => row.name === 'employees_deltas')).toMatchObject({ kind: 'deltas', rows: 13 });
  const columns = await tidemark(cwd, ['describe', 'employees', '--output', 'csv']);
  expect(columns.out).toContain('employee_id,BIGINT,key\r\n');
  expect((await tidemark(cwd, ['describe', 'nothing'])).err).toMatch(/^\[TM_6002\]/);
});

test('rebuild and vacuum', async () => {
  expect((await tidemark(cwd, ['rebuild', 'employees'])).out).toMatch(
    /^employees {2}rebuilt through delta 3: 9 rows/,
  );
  expect((await tidemark(cwd, ['vacuum'])).out).toMatch(/^removed 0 files/);
  expect((await tidemark(cwd, ['query', 'select count(*) n from employees', '--output', 'csv'])).out).toBe(
    'n\r\n9\r\n',
  );
});

test('lake.none yet', async () => {
  const fresh = folder();
  cpSync(join(EXAMPLES, 'employees'), fresh, { recursive: true });
  for (const args of [['status'], ['query', 'select 1'], ['quarantine', 'list']]) {
    expect(await tidemark(fresh, args)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^\[TM_7003\]/),
    });
  }
  expect((await tidemark(folder(), ['status'])).err).toMatch(/^\[TM_1001\]/);
});

test('usage.codes', async () => {
  expect((await tidemark(cwd, ['--help'])).code).toBe(0);
  expect((await tidemark(cwd, ['nonsense'])).code).toBe(2);
  expect((await tidemark(cwd, ['ingest'])).code).toBe(2);
  expect((await tidemark(cwd, ['ingest', 'day1.csv', '--date', '2021-02-30'])).code).toBe(2);
  expect((await tidemark(cwd, ['report', 'nothing'])).code).toBe(2);
  expect((await tidemark(cwd, ['status', '--output', 'xml'])).code).toBe(2);
  expect((await tidemark(cwd, ['merge', 'nothing'])).err).toMatch(/^\[TM_7002\]/);
});

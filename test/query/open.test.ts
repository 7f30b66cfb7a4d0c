import { parseAsOf } from '../../lib/query/as-of';
import { diff, filesDiff, type RowChange } from '../../lib/query/diff';
import { history, typedQuery } from '../../lib/query/history';
import { openQuery } from '../../lib/query/open';
import { DATES, EMPLOYEES, employeesOn } from '../support/employees';
import { mergeAll, take } from '../support/lake';
import { type LocalLake, localLakes } from './local-lake';

const lakes = localLakes();

const CONFIG = {
  name: 'hr',
  tables: {
    employees: EMPLOYEES,
    never: { key: ['id'], columns: { id: 'bigint' } },
  },
};

let days: LocalLake;
let merged: { at: number; snapshotId: bigint }[];

beforeAll(async () => {
  days = await lakes(CONFIG);
  merged = [];
  for (const [i, date] of DATES.entries()) {
    const file = employeesOn(i + 1);
    await take(days, `day${i + 1}.csv`, file, { date, table: 'employees' });
    const { snapshotId } = (await mergeAll(days, 'employees'))[0]!;
    const tables = await (await query()).tables();
    merged.push({ snapshotId, at: tables.find(t => t.name === 'employees')!.committedAt! });
  }
});

const query = (asOf?: Parameters<typeof openQuery>[3]) => openQuery(days.ports, days.lake, days.engine, asOf);

const rowsOf = async (sql: string, asOf?: Parameters<typeof openQuery>[3]) =>
  (await (await query(asOf)).run(sql)).rows;

test('query.current: user columns first, the snapshot named', async () => {
  const all = await (await query()).run('SELECT * FROM employees ORDER BY employee_id');
  expect(all.columns.map(c => `${c.name} ${c.type}`)).toEqual([
    'employee_id BIGINT',
    'sex VARCHAR',
    'forename VARCHAR',
    'surname VARCHAR',
    'department_id BIGINT',
    'manager_id BIGINT',
    'record_deleted BOOLEAN',
    '_pos_major BIGINT',
    '_pos_minor BIGINT',
    '_changed_at TIMESTAMP',
  ]);
  expect(all.rows.map(r => r[0])).toEqual([2n, 3n, 4n, 5n, 6n, 7n, 9n, 10n, 11n]);
  expect(all.snapshots).toMatchObject([{ table: 'employees', snapshotId: merged[2]!.snapshotId }]);
});

test('query.deltas: every change received', async () => {
  const rows = await rowsOf('SELECT date_received, count(*) FROM employees_deltas GROUP BY 1 ORDER BY 1');
  expect(rows).toEqual([
    [DATES[0], 5n],
    [DATES[1], 3n],
    [DATES[2], 5n],
  ]);
});

test('query.tables, query.describe', async () => {
  const opened = await query();
  const tables = await opened.tables();
  expect(tables.map(t => [t.name, t.kind, t.rows])).toEqual([
    ['employees', 'table', 9],
    ['employees_deltas', 'deltas', 13],
    ['employees_history', 'history', undefined],
  ]);
  expect((await opened.describe('employees_history')).slice(-9).map(c => c.name)).toEqual([
    'op',
    'valid_from',
    'valid_to',
    '_pos_major',
    '_pos_minor',
    '_changed_at',
    '_source',
    '_absent',
    'date_received',
  ]);
  await expect(opened.describe('never')).rejects.toMatchObject({ code: 'TM_6002' });
  expect((await opened.run('SHOW TABLES')).rows.length).toBe(3);
});

test('query.asOf: by snapshot id and by time, never before the first', async () => {
  const count = 'SELECT count(*) FROM employees';
  for (const [i, n] of [5n, 7n, 9n].entries()) {
    const { at, snapshotId } = merged[i]!;
    expect(await rowsOf(count, { asOf: { snapshotId } })).toEqual([[n]]);
    expect(await rowsOf(count, { asOf: { at } })).toEqual([[n]]);
  }
  const late = await query({ asOf: { at: merged[2]!.at + 5000 } });
  expect((await late.run(count)).snapshots).toMatchObject([{ behindMs: 5000 }]);
  const then = { asOf: { snapshotId: merged[1]!.snapshotId } };
  expect(await rowsOf('SELECT count(*) FROM employees_history', then)).toEqual([[8n]]);
  await expect(rowsOf(count, { asOf: { at: merged[0]!.at - 1000 } })).rejects.toMatchObject({
    code: 'TM_6003',
  });
  await expect(query({ asOf: { snapshotId: 1n } })).rejects.toMatchObject({ code: 'TM_6004' });
});

test('query.fresh: each statement sees the newest snapshot', async () => {
  const lake = await lakes(CONFIG);
  const opened = await openQuery(lake.ports, lake.lake, lake.engine);
  for (const n of [1, 2]) {
    const file = employeesOn(n);
    await take(lake, `day${n}.csv`, file, { date: DATES[n - 1], table: 'employees' });
    const unmerged = await opened.run('SELECT * FROM employees');
    expect(unmerged.rows.length).toBe(n === 1 ? 0 : 5);
    expect(unmerged.columns.length).toBe(10);
    await mergeAll(lake, 'employees');
    expect((await opened.run('SELECT * FROM employees')).rows.length).toBe(n === 1 ? 5 : 7);
  }
});

test('query.error: the engine names the line', async () => {
  const wrong = rowsOf('SELECT\n  nobody\nFROM employees');
  await expect(wrong).rejects.toMatchObject({ code: 'TM_6001', what: expect.stringContaining('LINE 2') });
});

test('query.confined: files outside the lake cannot be read', async () => {
  await expect(rowsOf("SELECT * FROM read_text('/etc/hostname')")).rejects.toMatchObject({ code: 'TM_6001' });
});

test('history.row: each state with its validity, the deleted one included', async () => {
  const of = async (id: string) => {
    const { columns, rows } = await history(
      days.ports,
      days.lake,
      await typedQuery(days.ports, days.lake, days.engine),
      'employees',
      [id],
    );
    const pick = ['department_id', 'record_deleted', 'op', 'valid_from', 'valid_to'];
    return rows.map(row => pick.map(name => row[columns.findIndex(c => c.name === name)]));
  };
  const [d1, d2, d3] = DATES.map(d => `${d} 00:00:00`);
  expect(await of('7')).toEqual([
    [1n, false, 'I', d2, d3],
    [2n, false, 'I', d3, null],
  ]);
  expect(await of('1')).toEqual([
    [1n, false, 'I', d1, d3],
    [1n, true, 'D', d3, null],
  ]);
  expect(await of('8')).toEqual([]);
  const typed = await typedQuery(days.ports, days.lake, days.engine);
  await expect(history(days.ports, days.lake, typed, 'employees', [])).rejects.toMatchObject({
    code: 'TM_6017',
  });
});

test('history.pruning: a key reaches the files', async () => {
  const explained = await rowsOf('EXPLAIN SELECT * FROM employees_history WHERE employee_id = 7');
  const plan = explained.map(r => String(r.at(-1))).join('\n');
  expect(plan.slice(plan.lastIndexOf('READ_PARQUET'))).toMatch(/Filters/);
});

test('diff.days: added, changed and deleted since a snapshot', async () => {
  const since = { snapshotId: merged[1]!.snapshotId };
  const found = await diff(
    days.ports,
    days.lake,
    filesDiff(days.ports.store, days.engine),
    'employees',
    since,
  );
  const rows: RowChange[] = [];
  for await (const row of found.rows) rows.push(row);
  expect(rows.map(r => `${r.kind} ${r.key}`)).toEqual([
    'deleted 1',
    'changed 7',
    'added 9',
    'added 10',
    'added 11',
  ]);
  expect(rows[1]!.changes).toEqual([
    { column: 'department_id', from: 1n, to: 2n },
    { column: 'manager_id', from: 17n, to: 5n },
  ]);
  expect(rows[0]!.row).toMatchObject({ forename: 'Dexter' });
  expect(found).toMatchObject({ from: since, to: { snapshotId: merged[2]!.snapshotId } });
});

test('diff.nothing: since now', async () => {
  const at = parseAsOf('now', merged[2]!.at, 'UTC');
  const found = await diff(days.ports, days.lake, filesDiff(days.ports.store, days.engine), 'employees', at);
  for await (const row of found.rows) expect(row).toBeUndefined();
});

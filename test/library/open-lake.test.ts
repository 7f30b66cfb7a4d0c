import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalLake } from '../../lib/library/lake';
import { openLake } from '../../lib/library/open-lake';
import { SCRATCH } from '../support/scratch';

const EMPLOYEES = join(__dirname, '../../examples/employees');
const day = (n: number) => join(EMPLOYEES, `day${n}.csv`);

// The first test of a busy machine loads every engine.
jest.setTimeout(60_000);

let folder: string;
let lake: LocalLake;

beforeEach(async () => {
  folder = mkdtempSync(join(SCRATCH, 'tidemark-library-'));
  const config = readFileSync(join(EMPLOYEES, 'tidemark.config.ts'), 'utf8');
  writeFileSync(join(folder, 'tidemark.config.ts'), config);
  lake = await openLake(join(folder, 'lake'));
});

afterEach(async () => {
  await lake.close();
  rmSync(folder, { recursive: true });
});

const take = (n: number, merge = true) =>
  lake.ingest(day(n), { table: 'employees', date: `2021-01-0${n}`, merge });

const COUNT = 'SELECT count(*)::int FROM employees';

test('library.ingest: the config beside the lake is found, files are taken in and merged', async () => {
  expect(lake.configFile).toBe(join(folder, 'tidemark.config.ts'));
  const [first] = await take(1);
  expect(first).toMatchObject({ outcome: 'taken-in', rows: 5, merged: { rows: { new: 5, total: 5 } } });
  const [again] = await take(1);
  expect(again).toMatchObject({ outcome: 'seen', merged: undefined });
  const [dry] = await lake.ingest(day(2), { table: 'employees', dryRun: true });
  expect(dry).not.toHaveProperty('merged');
  await take(2);
  await take(3);
  expect(await lake.query(COUNT)).toMatchObject({ rows: [[9]], snapshots: [{ table: 'employees' }] });
});

test('library.ingest: a folder in the order of the command line, without the lake in it', async () => {
  const inbox = join(folder, 'hr/employees');
  mkdirSync(inbox, { recursive: true });
  for (const n of [2, 1]) writeFileSync(join(inbox, `2021-01-0${n}.csv`), readFileSync(day(n)));
  const taken = await lake.ingest([folder], { table: 'employees' });
  expect(taken.map(({ dateReceived, outcome }) => [dateReceived, outcome])).toEqual([
    ['2021-01-01', 'taken-in'],
    ['2021-01-02', 'taken-in'],
  ]);
});

test('library.merge: what was left to it, and nothing else; a paused table waits', async () => {
  await take(1, false);
  expect((await lake.status()).tables).toMatchObject([{ table: 'employees', waiting: { entries: 1 } }]);
  expect(await lake.pause('employees')).toBe(true);
  expect(await lake.merge()).toEqual([]);
  expect(await lake.resume('employees')).toBe(true);
  expect(await lake.merge('employees')).toMatchObject([{ table: 'employees', rows: { new: 5 } }]);
  expect(await lake.merge()).toEqual([]);
});

test('library.row: its history, what touched it, and what changed since a snapshot', async () => {
  await take(1);
  const { snapshots } = await lake.query(COUNT);
  await take(2);
  await take(3);
  const { columns, rows } = await lake.history('employees', 7);
  const departments = rows.map(row => row[columns.findIndex(c => c.name === 'department_id')]);
  expect(departments).toEqual([1n, 2n]);
  expect((await lake.traceKey('employees', ['7'])).map(touch => touch.dateReceived)).toEqual([
    '2021-01-02',
    '2021-01-03',
  ]);
  const diff = await lake.diff('employees', String(snapshots[0]!.snapshotId));
  const kinds: string[] = [];
  for await (const change of diff.rows) kinds.push(`${change.kind} ${change.key[0]}`);
  expect(kinds).toEqual(
    expect.arrayContaining(['deleted 1', 'changed 5', 'added 6', 'added 7', 'added 10', 'added 11']),
  );
});

test('library.report: a date, its check, and the tables that there are then', async () => {
  for (const n of [1, 2, 3]) await take(n);
  expect(await lake.report('employees_daily', '2021-01-02')).toMatchObject({ rows: 7, replaced: false });
  expect(await lake.report('employees_daily', '2021-01-02')).toMatchObject({ rows: 7, replaced: true });
  const { columns } = await lake.checkReport('employees_daily', '2021-01-02');
  expect(columns[0]).toMatchObject({ name: 'employee_id' });
  const names = (await lake.tables()).map(table => table.name);
  expect(names).toEqual(expect.arrayContaining(['employees', 'employees_history', 'employees_daily']));
  expect(await lake.describe('employees_daily')).toContainEqual({ name: 'report_date', type: 'DATE' });
});

test('library.quarantine: what waits is listed, traced, and taken in after the fix', async () => {
  const bad = join(folder, 'employees.csv');
  writeFileSync(bad, readFileSync(day(1), 'utf8').replace(/\n1,/, '\nnobody,'));
  const [taken] = await lake.ingest(bad);
  expect(taken).toMatchObject({ outcome: 'quarantined' });
  expect(await lake.quarantine()).toMatchObject([{ table: 'employees', badRows: 1 }]);
  expect(await lake.trace('employees.csv')).toMatchObject([{ waits: { code: 'TM_2103' } }]);
  expect(await lake.replay('employees.csv')).toMatchObject([{ outcome: 'quarantined' }]);
  await lake.close();
  const config = join(folder, 'tidemark.config.ts');
  writeFileSync(
    config,
    readFileSync(config, 'utf8').replace('tables:', "onBadRow: 'quarantineRow', tables:"),
  );
  lake = await openLake(join(folder, 'lake'));
  expect(await lake.replay('employees.csv')).toMatchObject([
    { outcome: 'rows-quarantined', merged: { rows: { new: 4 } } },
  ]);
  await expect(lake.replay('other.csv')).rejects.toThrow('TM_2306');
});

test('library.upkeep: rebuild, compact and vacuum', async () => {
  await take(1);
  await take(2);
  expect(await lake.rebuild('employees')).toMatchObject({ rows: 7 });
  expect(await lake.compact()).toEqual([]);
  expect(await lake.vacuum()).toEqual(expect.any(Object));
  expect((await lake.query(COUNT)).rows).toEqual([[7]]);
});

test('library.query: many at once, at two points in time, each get the answer of their own', async () => {
  await take(1);
  const { snapshots } = await lake.query(COUNT);
  await take(2);
  const asOf = String(snapshots[0]!.snapshotId);
  const asked = Array.from({ length: 20 }, (_, i) => lake.query(COUNT, i % 2 === 0 ? { asOf } : {}));
  const answers = (await Promise.all(asked)).map(({ rows }) => rows[0]![0]);
  expect(answers).toEqual(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 5 : 7)));
  await expect(lake.query('SELEC 1')).rejects.toThrow('TM_6001');
  expect((await lake.query('SELECT $1 + 1', { params: [41] })).rows).toEqual([[42]]);
});

test('library.stream: it is whole though others ask meanwhile, and may be left or never read', async () => {
  await take(1);
  const sql = 'SELECT range FROM range(20000)';
  let rows = 0;
  for await (const batch of (await lake.stream(sql)).batches) {
    rows += batch.length;
    expect((await lake.query(COUNT)).rows).toEqual([[5]]);
  }
  expect(rows).toBe(20_000);
  for await (const _ of (await lake.stream(sql)).batches) break;
  await lake.stream(sql);
  await expect(lake.stream('SELECT * FROM nothing')).rejects.toThrow('TM_6001');
  expect((await lake.query(COUNT)).rows).toEqual([[5]]);
});

test('library.names: what nobody declared, and dates that no calendar has', async () => {
  await expect(lake.merge('people')).rejects.toThrow('TM_6002');
  await expect(lake.rebuild('people')).rejects.toThrow('use one of employees');
  await expect(lake.report('people_daily')).rejects.toThrow('use one of employees_daily');
  await expect(lake.ingest(day(1), { table: 'people' })).rejects.toThrow('TM_6002');
  for (const date of ['2021-02-30', '01.02.2021', '', 'soon']) {
    await expect(lake.report('employees_daily', date)).rejects.toThrow('TM_7101');
    await expect(lake.ingest(day(1), { table: 'employees', date })).rejects.toThrow('TM_7101');
  }
  expect((await lake.status()).tables[0]!.waiting.entries).toBe(0);
});

test('library.load: a copy is looked at, planned, loaded, and not twice', async () => {
  const from = [day(1)];
  const looked = await lake.planLoad('employees', { from, dryRun: true });
  expect([looked.groups, looked.load]).toEqual([1, undefined]);
  const { load } = await lake.planLoad('employees', { from, date: '2021-01-01' });
  await expect(lake.validateLoad('employees')).rejects.toThrow(/^\[TM_7015\]/);
  expect((await lake.loadStatus('employees')).underWay).toMatchObject({
    id: load!.id,
    dateReceived: '2021-01-01',
  });
  expect(await lake.retryLoad('employees')).toBe(0);
  const steps: string[] = [];
  const loaded = await lake.load('employees', { workers: 1, onProgress: ({ step }) => steps.push(step) });
  expect(loaded).toMatchObject({ id: load!.id, n: 1, rows: 5, merged: { through: 1, rows: { new: 5 } } });
  expect(new Set(steps)).toEqual(new Set(['split', 'pack']));
  expect(await lake.load('employees', { from })).toEqual({ id: load!.id, n: 1, merged: undefined });
  await expect(lake.planLoad('employees', { from })).rejects.toThrow(/^\[TM_2761\]/);
  await lake.planLoad('employees', { from: [day(2)], replace: true });
  expect(await lake.abandonLoad('employees')).not.toBe(load!.id);
  await expect(lake.load('employees')).rejects.toThrow(/^\[TM_2757\]/);
  await expect(lake.load('employees', { from, date: '2021-02-30' })).rejects.toThrow(/^\[TM_7101\]/);
  expect((await lake.query(COUNT)).rows).toEqual([[5]]);
});

test('library.load: options of another form are refused, whoever has no types', async () => {
  const wrong = [[day(1)], { from: day(1) }, { from: [1] }, null, day(1)];
  for (const options of wrong as object[]) {
    await expect(lake.planLoad('employees', options)).rejects.toThrow(/^\[TM_7102\]/);
    await expect(lake.load('employees', options)).rejects.toThrow(/^\[TM_7102\]/);
  }
  expect((await lake.loadStatus('employees')).underWay).toBeUndefined();
});

/** The config with other columns of employees. */
async function redeclare(columns: string): Promise<void> {
  const config = join(folder, 'tidemark.config.ts');
  const text = readFileSync(config, 'utf8');
  await lake.close();
  writeFileSync(
    config,
    text.replace(
      /columns: \{[^}]*\}/,
      `columns: { employee_id: 'bigint', record_deleted: 'boolean', ${columns} }`,
    ),
  );
  lake = await openLake(join(folder, 'lake'));
}

test('library.records: given one by one or in a file, merged, and not twice', async () => {
  const asked = { format: 'json', table: 'employees' } as const;
  const people = [
    { employee_id: 1, forename: 'Ann' },
    { employee_id: 'nobody' },
    '{"employee_id":2,"forename":"Ben"}',
  ];
  const { tables, control } = await lake.ingestRecords(people, asked);
  expect({ tables, control }).toMatchObject({
    tables: [{ table: 'employees', outcome: 'rows-quarantined', badRows: 1, merged: { rows: { new: 2 } } }],
    control: [],
  });
  const again = async function* () {
    yield* people;
  };
  expect((await lake.ingestRecords(again(), asked)).tables).toMatchObject([{ outcome: 'seen' }]);
  const file = join(folder, 'more.jsonl');
  writeFileSync(file, '{"employee_id":3}\n');
  const { tables: more } = await lake.ingestRecords(file, { ...asked, merge: false });
  expect(more).toMatchObject([{ outcome: 'taken-in', rows: 1 }]);
  expect(more[0]).not.toHaveProperty('merged');
  expect(await lake.merge()).toMatchObject([{ rows: { new: 1, total: 3 } }]);
  const [, records] = await lake.sources();
  expect(records).toMatchObject({ source: 'json', kind: 'records', quarantined: 1, paused: [] });
  expect(records!.lastAt).toBeGreaterThan(Date.now() - 60_000);
});

test('library.records: what does not say how it is written is refused, and nothing of it is in', async () => {
  const wrong = [undefined, {}, { format: 'xml' }, { format: 'json' }] as unknown as { format: 'json' }[];
  for (const options of wrong)
    await expect(lake.ingestRecords(['{}'], options)).rejects.toThrow(/^\[TM_7102\]/);
  const asked = { format: 'json', table: 'employees' } as const;
  for (const record of [1n, null, Buffer.from('{}'), { employee_id: 1n }])
    await expect(lake.ingestRecords([{ employee_id: 1 }, record as object], asked)).rejects.toThrow(
      'TM_7102',
    );
  await expect(lake.ingestRecords([], { ...asked, table: 'people' })).rejects.toThrow('TM_6002');
  await expect(lake.ingestRecords([], { source: 'stream' })).rejects.toThrow('TM_2321');
  expect((await lake.ingestRecords([], asked)).tables).toMatchObject([{ outcome: 'empty' }]);
  expect((await lake.status()).tables[0]!.waiting.entries).toBe(0);
});

test('library.schema: what differs, what stops it, and the table after it', async () => {
  await redeclare('');
  expect(await take(1)).toMatchObject([{ outcome: 'taken-in' }]);
  await take(2, false);
  expect(await lake.diffSchema()).toEqual([]);
  await redeclare("manager_id: 'bigint', forename: 'int'");
  expect((await lake.diffSchema('employees')).map(({ column, kind }) => [column, kind])).toEqual([
    ['manager_id', 'retype'],
    ['forename', 'retype'],
  ]);
  const [stopped] = await lake.applySchema('employees');
  expect(stopped).toMatchObject({ stopped: { code: 'TM_3097' }, uncastable: { count: 8 } });
  await redeclare("manager_id: 'bigint'");
  expect(await lake.applySchema(undefined, { dryRun: true })).toMatchObject([{ uncastable: { count: 0 } }]);
  const [applied] = await lake.applySchema();
  expect(applied).not.toHaveProperty('stopped');
  const column = (await lake.showSchema('employees')).find(({ name }) => name === 'manager_id');
  expect(column).toMatchObject({ type: 'long', declared: true, textsIn: 'manager_id_as_received' });
  expect(await lake.diffSchema()).toEqual([]);
  expect((await lake.query('SELECT max(manager_id + 1)::int, count(*)::int FROM employees')).rows).toEqual([
    [19, 7],
  ]);
  await expect(lake.showSchema('people')).rejects.toThrow('TM_6002');
});

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { TableConfig } from '../../lib/config/define';
import { resolveLake } from '../../lib/config/resolve';
import type { Rows } from '../../lib/ports/query-engine';
import { applySchema } from '../../lib/stages/schema/apply';
import { refreshHistoryView } from '../../lib/stages/views';
import { openTable } from '../../lib/table/open';
import { type Found, foreignReaders } from '../interop/readers';
import { mergeAll, take } from '../support/lake';
import { athenaOver, madeWorkgroup } from './athena';
import { MOTO } from './endpoints';
import { type StoredLake, storedLake } from './stored-lake';
import { trino } from './trino';

const ROOT = join(__dirname, '../..');

/** Clients of AWS find it by these; PyIceberg's own S3 client by names of its own. */
const ENVIRONMENT = {
  AWS_ENDPOINT_URL: MOTO,
  AWS_REGION: 'us-east-1',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  PYICEBERG_CATALOG__LAKE__S3__ENDPOINT: MOTO,
  PYICEBERG_CATALOG__LAKE__S3__REGION: 'us-east-1',
  POLARS_ICEBERG_PLANNER: 'pyiceberg',
};

beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, 'scripts/interop.mjs'), 'install'], { stdio: 'inherit' });
}, 600_000);
const readers = foreignReaders(ENVIRONMENT);

const day = (n: number) => readFileSync(join(ROOT, `examples/employees/day${n}.csv`), 'utf8');

let lake: StoredLake;
let athena: ReturnType<typeof athenaOver>;
/** The table's first snapshot. */
let first: string;

async function receive(n: number): Promise<void> {
  await take(lake, `day${n}.csv`, day(n), { date: `2021-01-0${n}`, table: 'employees' });
  await mergeAll(lake, 'employees');
}

const EMPLOYEES: TableConfig = {
  key: ['employee_id'],
  columns: {
    employee_id: 'bigint',
    department_id: 'bigint',
    manager_id: 'bigint',
    record_deleted: 'boolean',
  },
  deletedWhen: { column: 'record_deleted', equals: true },
};

async function refreshView(): Promise<void> {
  const databases = { lake: lake.database, staging: `${lake.database}_staging` };
  const ports = { ...lake.ports, jobs: athena.jobs, databases };
  while ((await refreshHistoryView(ports, lake.lake.tables[0]!)).is === 'runs') await pause(50);
}

beforeAll(async () => {
  lake = await storedLake('readers', { name: 'readers', tables: { employees: EMPLOYEES } });
  athena = athenaOver(lake.database);
  await madeWorkgroup(athena.client, lake.database);
  await receive(1);
  first = String((await openTable(lake.ports, 'employees'))!.metadata['current-snapshot-id']);
  await receive(2);
  await refreshView();
}, 120_000);

/** The page's snippets for AWS, by the name their first line gives. */
const SNIPPETS = new Map(
  Array.from(
    readFileSync(join(ROOT, 'docs/readers.md'), 'utf8').matchAll(
      /```(?:python|sql)\n(?:#|--) runs on AWS: (\S+)\n(.*?)```/gs,
    ),
    ([, name, text]) => [name!, text!.trim()],
  ),
);

/** A snippet as a reader fills it in. */
const snippet = (name: string) => SNIPPETS.get(name)!.replace('1234567890123456789', () => first);

/** Rows as texts, whatever the engine's types. */
const texts = ({ rows }: Pick<Rows | Found, 'rows'>) =>
  rows.map(cells => cells.map(cell => (cell === null ? null : String(cell))));

const inAthena = async (name: string) => texts(await athena.engine.rows({ sql: snippet(name) }));
const inTrino = async (name: string) => texts(await trino(snippet(name), lake.database));
const inPython = async (name: string) => texts(await readers.run(snippet(name), { database: lake.database }));

/** The newest line of each employee in the first files, without those deleted; id, forename, surname. */
function employees(days: number, department?: string): string[][] {
  const lines = Array.from({ length: days }, (_, i) =>
    day(i + 1)
      .trim()
      .split('\n')
      .slice(1),
  ).flat();
  const newest = new Map(lines.map(line => [line.split(',')[0]!, line.split(',')]));
  return [...newest.values()]
    .filter(cells => cells[6] !== 'true' && (department === undefined || cells[4] === department))
    .map(cells => [cells[0]!, cells[2]!, cells[3]!])
    .sort(byNumber);
}

const byNumber = (a: readonly (string | null)[], b: readonly (string | null)[]) =>
  Number(a[0]) - Number(b[0]);

const ENGINES = { athena: inAthena, trino: inTrino, duckdb: inPython, pyiceberg: inPython, polars: inPython };

test('readers.everySnippetRuns', () => {
  const more = ['athena-history', 'athena-deltas', 'athena-snapshots', 'athena-travel'];
  const all = [...Object.keys(ENGINES), ...more, 'pyiceberg-travel', 'trino-travel'];
  expect([...SNIPPETS.keys()].sort()).toEqual(all.sort());
});

test.each(Object.entries(ENGINES))('readers.%s', async (name, run) => {
  expect(employees(2, '1').length).toBeGreaterThan(3);
  expect((await run(name)).sort(byNumber)).toEqual(employees(2, '1'));
});

test.each([
  ['athena-travel', inAthena],
  ['trino-travel', inTrino],
  ['pyiceberg-travel', inPython],
] as const)('readers.%s: the table before its last merge', async (name, run) => {
  const ids = (await run(name)).map(cells => cells[0]).sort();
  expect(ids).toEqual(employees(1).map(cells => cells[0]));
});

test('readers.athena-snapshots', async () => {
  const rows = await inAthena('athena-snapshots');
  expect(rows).toHaveLength(2);
  expect(rows[0]![0]).toBe(first);
});

test('readers.athena-history', async () => {
  expect(await inAthena('athena-history')).toEqual([
    ['I', '2021-01-01 00:00:00', '2021-01-02 00:00:00', null, '17'],
    ['I', '2021-01-02 00:00:00', null, '2', '18'],
  ]);
});

test('readers.athena-deltas', async () => {
  expect(await inAthena('athena-deltas')).toEqual([
    ['2021-01-01', 'I', '5'],
    ['2021-01-02', 'I', '3'],
  ]);
});

test('readers.pyicebergWrites: what it commits through Glue is merged upon', async () => {
  const commit = `
from pyiceberg.catalog import load_catalog
table = load_catalog("lake", type="glue").load_table(f"{database}.employees")
table.delete("employee_id = 3")
table.refresh()
answer = table.scan(selected_fields=("employee_id",)).to_arrow()`;
  const { rows } = await readers.run(commit, { database: lake.database });
  expect(rows.map(cells => Number(cells[0])).sort((a, b) => a - b)).toEqual([1, 2, 4, 5, 6, 7]);
  await receive(3);
  const after = await trino('SELECT employee_id FROM employees ORDER BY 1', lake.database);
  const without3 = employees(3)
    .map(cells => cells[0])
    .filter(id => id !== '3');
  expect(after.rows.map(cells => cells[0])).toEqual(without3);
});

test('readers.shapes: a column renamed and one retyped, in the table, its log, its views and old snapshots', async () => {
  const put = (name: string, text: string) =>
    take(lake, name, text, { date: '2021-01-04', table: 'employees' });
  await put('texts.csv', 'employee_id,forename,badge\n6,Ann,0101\n7,Ben,0202\n');
  await mergeAll(lake, 'employees');
  const before = String((await openTable(lake.ports, 'employees'))!.metadata['current-snapshot-id']);
  const columns = { ...EMPLOYEES.columns, first_name: 'string', badge: 'bigint' };
  const employees = { ...EMPLOYEES, columns, aliases: { first_name: ['forename'] } };
  lake = {
    ...lake,
    lake: resolveLake({ name: 'readers', tables: { employees } }, '/config/tidemark.config.ts'),
  };
  const applied = await applySchema(lake.ports, lake.lake, lake.lake.tables[0]!);
  expect(applied.changes.map(({ column, kind }) => [column, kind])).toEqual([
    ['first_name', 'rename'],
    ['badge', 'retype'],
  ]);
  await put('typed.csv', 'employee_id,first_name,badge\n7,Bea,303\n');
  await mergeAll(lake, 'employees');
  await refreshView();
  const both = 'WHERE employee_id IN (6, 7) ORDER BY employee_id';
  const inBoth = async (sql: string) => {
    const found = texts(await trino(sql, lake.database));
    expect(texts(await athena.engine.rows({ sql }))).toEqual(found);
    return found;
  };
  expect(await inBoth(`SELECT first_name, badge + 1 FROM employees ${both}`)).toEqual([
    ['Ann', '102'],
    ['Bea', '304'],
  ]);
  const log = `SELECT first_name, badge, badge_as_received FROM employees_deltas
    WHERE employee_id IN (6, 7) AND badge IS NOT NULL ORDER BY badge`;
  expect(await inBoth(log)).toEqual([
    ['Ann', '101', '0101'],
    ['Ben', '202', '0202'],
    ['Bea', '303', null],
  ]);
  const then = `SELECT forename, badge FROM employees FOR VERSION AS OF ${before} ${both}`;
  expect(await inBoth(then)).toEqual([
    ['Ann', '0101'],
    ['Ben', '0202'],
  ]);
  const { rows } = await athena.engine.rows({
    sql: 'SELECT first_name, badge FROM employees_history WHERE employee_id = 7 ORDER BY valid_from, badge',
  });
  expect(texts({ rows }).slice(-2)).toEqual([
    ['Ben', '202'],
    ['Bea', '303'],
  ]);
}, 60_000);

import type { LakeConfig } from '../../lib/config/define';
import { runReport } from '../../lib/stages/report';
import { openTable } from '../../lib/table/open';
import { type LocalLake, localLakes } from '../query/local-lake';
import { DATES, EMPLOYEES, employeesOn } from '../support/employees';
import { mergeAll, take } from '../support/lake';
import type { Normal } from './normal';
import { foreignReaders } from './readers';
import { ownRows, sorted } from './told-lake';

const readers = foreignReaders();
const lakes = localLakes();

const CONFIG: LakeConfig = {
  name: 'hr',
  tables: {
    employees: EMPLOYEES,
  },
  reports: { employees_daily: { table: 'employees' } },
};

const COLUMNS = ['employee_id', 'sex', 'forename', 'surname', 'department_id', 'manager_id'];

async function employees(): Promise<LocalLake> {
  const lake = await lakes(CONFIG);
  for (const [i, date] of DATES.entries()) {
    await take(lake, `day${i + 1}.csv`, employeesOn(i + 1), {
      date,
      table: 'employees',
    });
    await mergeAll(lake, 'employees');
  }
  return lake;
}

/** The lines of the days' files; a later one stands for an earlier one of its employee. */
function lines(days: number): string[][] {
  const all = Array.from({ length: days }, (_, i) => employeesOn(i + 1));
  return all.flatMap(text => text.trim().split('\n').slice(1)).map(line => line.split(','));
}

function standing(days: number): Normal[][] {
  const newest = new Map(lines(days).map(cells => [cells[0]!, cells]));
  return [...newest.values()]
    .filter(cells => cells[6] !== 'true')
    .map(cells => cells.slice(0, 6).map(orNull));
}

const orNull = (cell: string): Normal => (cell === '' ? null : cell);

/** Both readers find these rows, and ours does. */
async function expectRows(
  lake: LocalLake,
  table: string,
  columns: readonly string[],
  rows: readonly (readonly Normal[])[],
): Promise<void> {
  const open = (await openTable(lake.ports, table))!;
  const wanted = sorted(rows);
  const folder = lake.ports.store.uri(table);
  expect(sorted((await readers.pyiceberg(open.pointer.uri, { columns })).rows)).toEqual(wanted);
  expect(sorted((await readers.duckdb(open.pointer.uri, { columns })).rows)).toEqual(wanted);
  expect(sorted((await readers.duckdb(folder, { columns })).rows)).toEqual(wanted);
  expect(await ownRows(lake, open, columns)).toEqual(wanted);
}

test('employees.currentTable', async () => {
  const rows = standing(3);
  expect(rows).toHaveLength(9);
  await expectRows(await employees(), 'employees', COLUMNS, rows);
});

test('employees.log', async () => {
  const rows = lines(3).map(cells => [...cells.slice(0, 6).map(orNull), cells[6]!]);
  expect(rows).toHaveLength(13);
  await expectRows(await employees(), 'employees_deltas', [...COLUMNS, 'record_deleted'], rows);
});

test('employees.logByDateReceived', async () => {
  const open = (await openTable((await employees()).ports, 'employees_deltas'))!;
  const look = { columns: ['employee_id'], filter: "date_received = '2021-01-02'" };
  const wanted = lines(2).length - lines(1).length;
  const pyiceberg = await readers.pyiceberg(open.pointer.uri, look);
  expect([pyiceberg.files, pyiceberg.rows.length]).toEqual([1, wanted]);
  expect((await readers.duckdb(open.pointer.uri, look)).rows).toHaveLength(wanted);
});

test('employees.report', async () => {
  const lake = await employees();
  const ports = { ...lake.ports, query: lake.engine, readSql: async () => '' };
  // The second date twice: a re-run replaces its rows.
  for (const date of [...DATES, DATES[1]!]) await runReport(ports, lake.lake, lake.lake.reports[0]!, date);
  const day = (date: string) => String(Date.parse(date) / 86_400_000);
  const rows = DATES.flatMap((date, i) => standing(i + 1).map(row => [...row, day(date)]));
  expect(rows).toHaveLength(21);
  const columns = [...COLUMNS, 'report_date'];
  await expectRows(lake, 'employees_daily', columns, rows);
  const open = (await openTable(lake.ports, 'employees_daily'))!;
  const look = { columns, filter: "report_date = '2021-01-02'" };
  const pruned = await readers.pyiceberg(open.pointer.uri, look);
  expect([pruned.files, pruned.rows.length]).toEqual([1, 7]);
  expect((await readers.duckdb(open.pointer.uri, look)).rows).toHaveLength(7);
});

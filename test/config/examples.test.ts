import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { loadConfig } from '../../lib/config/load';

const EXAMPLES = join(__dirname, '../../examples');
const USERS = join(EXAMPLES, 'users/shop/users');
const CHANGES = readdirSync(USERS)
  .filter(name => name.startsWith('2'))
  .sort();
const PUBLISHED = [
  'U,6,Mindy George,Los Angeles,2021-10-15',
  'I,133,Bob Ding,New York,2021-10-17',
  'I,134,Ross Green,Seattle,2021-10-17',
  'I,135,Monica Bing,Portland,2021-10-17',
  'U,8,Kevin Durant,Denver,2021-10-14',
  'U,9,Darla Hayes,New York,2021-10-17',
];

function lines(file: string): string[] {
  return readFileSync(file, 'utf8').trimEnd().split('\n');
}

describe('examples.config', () => {
  test('the demo lake loads', async () => {
    const lake = await loadConfig(join(EXAMPLES, 'tidemark.config.ts'));
    expect(lake.tables.map(table => table.name)).toEqual(['employees', 'users', 'states']);
    expect(lake.reports.map(report => report.name)).toEqual(['employees_daily', 'user_features']);
  });
  test('employees alone loads', async () => {
    const lake = await loadConfig(join(EXAMPLES, 'employees/tidemark.config.ts'));
    expect(lake.tables[0]?.columns.map(column => column.name).join()).toBe(
      lines(join(EXAMPLES, 'employees/day1.csv'))[0],
    );
  });
});

describe('examples.employees', () => {
  const day = (n: number) => lines(join(EXAMPLES, `employees/day${n}.csv`)).slice(1);
  test('ids of each day', () => {
    expect([1, 2, 3].map(n => day(n).map(row => Number(row.split(',')[0])))).toEqual([
      [1, 2, 3, 4, 5],
      [5, 6, 7],
      [1, 7, 9, 10, 11],
    ]);
  });
  test('5, 7 and 9 rows are reported', () => {
    const table = new Map<string, string>();
    const counts = [1, 2, 3].map(n => {
      for (const row of day(n)) {
        const id = row.split(',')[0]!;
        if (row.endsWith(',true')) table.delete(id);
        else table.set(id, row);
      }
      return table.size;
    });
    expect(counts).toEqual([5, 7, 9]);
    expect(table.get('5')).toBe('5,F,Lexie,Perry,2,18,false');
    expect(table.get('7')).toBe('7,F,Iris,Alexander,2,5,false');
  });
});

type User = [id: string, name: string, city: string, lastLogin: string];

/** The users table after every file, as a Map would have it. */
function fold(): User[] {
  const rows = new Map(lines(join(USERS, 'LOAD00000001.csv')).map(line => [line.split(',')[0]!, line]));
  for (const file of CHANGES) {
    for (const line of lines(join(USERS, file))) rows.set(line.split(',')[1]!, line.slice(2));
  }
  return [...rows.values()].map(line => line.split(',') as User);
}

describe('examples.users', () => {
  test('made again, byte for byte', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tidemark-users-'));
    execFileSync(process.execPath, [join(EXAMPLES, 'users/make.mjs'), folder]);
    for (const name of readdirSync(USERS)) {
      expect([name, readFileSync(join(folder, 'shop/users', name), 'utf8')]).toEqual([
        name,
        readFileSync(join(USERS, name), 'utf8'),
      ]);
    }
    rmSync(folder, { recursive: true });
  });
  test('the shape of the published files', () => {
    const load = lines(join(USERS, 'LOAD00000001.csv'));
    const ids = load.map(line => Number(line.split(',')[0]));
    const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
    expect(ids).toEqual([...range(0, 9), ...range(11, 100), ...range(130, 132)]);
    expect(lines(join(USERS, CHANGES[0]!))).toEqual(PUBLISHED);
    const rest = CHANGES.slice(1).flatMap(file => lines(join(USERS, file)));
    expect(rest.map(line => line.split(',').slice(0, 2).join())).toEqual([
      'I,136',
      'I,137',
      'I,138',
      'I,139',
    ]);
    expect(load.find(line => line.startsWith('6,'))).not.toContain('Los Angeles');
    expect(fold()).toHaveLength(110);
  });
});

/** The features by their definition, one user at a time. */
function featuresOf(users: readonly User[], states: ReadonlyMap<string, string>, day: string) {
  const renamed = users.map(([id, name, city, last]) => ({
    id: Number(id),
    name,
    city: city === 'Nashville-Davidson' ? 'Nashville' : city,
    last,
  }));
  const daysBefore = (date: string) => (Date.parse(day) - Date.parse(date)) / 86_400_000;
  const rows = renamed.map(user => {
    const mates = renamed.filter(other => other.city === user.city);
    const later = new Set(mates.map(mate => mate.last).filter(last => last > user.last));
    const recent = mates.filter(mate => daysBefore(mate.last) <= 90).length;
    return [
      user.id,
      user.name,
      user.city,
      states.get(user.city) ?? null,
      user.last,
      later.size + 1,
      recent / mates.length,
      mates.length,
    ] as const;
  });
  return rows.sort((a, b) => (a[2] < b[2] ? -1 : a[2] > b[2] ? 1 : b[5] - a[5] || a[0] - b[0]));
}

describe('examples.user_features', () => {
  const sql = readFileSync(join(EXAMPLES, 'reports/user_features.sql'), 'utf8');
  const states = new Map(
    lines(join(EXAMPLES, 'users/states.csv'))
      .slice(1)
      .map(line => line.split(',') as [string, string]),
  );

  test('date parameters stand only where a value can be bound', () => {
    expect(sql.replace(/--.*/g, '').match(/\{\{\w+\}\}/g)).toEqual(sql.match(/\{\{\w+\}\}/g));
  });

  test('equals the definition, a user at a time', async () => {
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    await connection.run('CREATE TABLE users (user_id INTEGER, name VARCHAR, city VARCHAR, last_login DATE)');
    await connection.run('CREATE TABLE states (city VARCHAR, state VARCHAR)');
    // Reno: one login 90 days before, one 91.
    const users: User[] = [
      ...fold(),
      ['900', 'Ann', 'Reno', '2021-07-20'],
      ['901', 'Ben', 'Reno', '2021-07-19'],
    ];
    for (const user of users)
      await connection.run('INSERT INTO users VALUES ($1, $2, $3, CAST($4 AS date))', user);
    for (const state of states) await connection.run('INSERT INTO states VALUES ($1, $2)', state);
    const reader = await connection.runAndReadAll(sql.replaceAll('{{report_date}}', '$1'), ['2021-10-18']);
    const got = reader
      .getRowsJson()
      .map(row => row.map((value, i) => ([0, 5, 7].includes(i) ? Number(value) : value)));
    const wanted = featuresOf(users, states, '2021-10-18');
    expect(got).toEqual(wanted);
    expect(wanted.find(row => row[2] === 'New York')?.[3]).toBeNull();
    expect(wanted.find(row => row[2] === 'Nashville')?.[3]).toBe('Tennessee');
    expect(wanted.filter(row => row[2] === 'Reno').map(row => row[6])).toEqual([0.5, 0.5]);
    connection.closeSync();
  });
});

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, json, tidemark } from './terminal';

const config = (load: object) =>
  `export default { name: 'shop', tables: { orders: { key: ['id'],
     columns: { id: 'bigint', amount: 'int', made: 'timestamp', year: 'int' }, partitionBy: ['year'],
     load: ${JSON.stringify(load)} } } };`;
const DERIVED = { groupBytes: 100, derive: { year: 'year(made)' } };

/** A folder with a config and a copy of some files. */
function shop(load: object = DERIVED): string {
  const cwd = folder();
  writeFileSync(join(cwd, 'tidemark.config.mjs'), config(load));
  mkdirSync(join(cwd, 'copy'));
  for (let f = 0; f < 4; f++)
    put(
      cwd,
      f,
      [1, 2, 3, 4, 5].map(i => `${5 * f + i},${i},202${f % 2}-05-01 00:00:00`),
    );
  return cwd;
}

function put(cwd: string, n: number, rows: readonly string[]): void {
  writeFileSync(join(cwd, 'copy', `part-${n}.csv`), `id,amount,made\n${rows.join('\n')}\n`);
}

const rowsOf = async (cwd: string, sql: string) =>
  json(await tidemark(cwd, ['query', sql, '--output', 'json']));

test('load.run: a copy becomes the table, once', async () => {
  const cwd = shop();
  const looked = await tidemark(cwd, ['load', 'plan', 'orders', 'copy', '--dry-run']);
  expect(looked).toMatchObject({ code: 0 });
  expect(looked.out).toMatch(/csv, 4 files/);
  expect((await tidemark(cwd, ['load', 'status', 'orders'])).out).toMatch(/was never loaded/);
  const run = await tidemark(cwd, ['load', 'run', 'orders', 'copy']);
  expect(run.code).toBe(0);
  expect(run.out).toMatch(/loaded as entry 1: 20 rows in 2 files, .* 2 partitions/);
  expect(await rowsOf(cwd, 'select year, count(*) as n from orders group by 1 order by 1')).toEqual([
    { year: 2020, n: expect.anything() },
    { year: 2021, n: expect.anything() },
  ]);
  expect((await tidemark(cwd, ['load', 'run', 'orders', 'copy'])).out).toMatch(/loaded before, as entry 1/);
}, 60_000);

test('load.retry: a failed task is shown with its error, and goes on when the config is mended', async () => {
  const cwd = shop({
    groupBytes: 100,
    derive: { year: "CAST(CASE WHEN id = 7 THEN 'seven' ELSE '2020' END AS INT)" },
  });
  const failed = await tidemark(cwd, ['load', 'run', 'orders', 'copy']);
  expect(failed.code).toBe(1);
  expect(failed.err).toMatch(/TM_2753/);
  const status = await tidemark(cwd, ['load', 'status', 'orders']);
  expect(status.out).toMatch(/part-1\.csv.*row 2/s);
  expect((await tidemark(cwd, ['tables'])).out).not.toMatch(/orders {2,}table/);
  writeFileSync(join(cwd, 'tidemark.config.mjs'), config(DERIVED));
  expect(await tidemark(cwd, ['load', 'retry', 'orders'])).toMatchObject({ code: 0 });
  expect(await rowsOf(cwd, 'select id from orders')).toHaveLength(20);
}, 60_000);

test('load.abandon: what came meanwhile waits for the load, and goes on without it', async () => {
  const cwd = shop();
  expect(await tidemark(cwd, ['load', 'plan', 'orders', 'copy'])).toMatchObject({ code: 0 });
  writeFileSync(join(cwd, 'orders.csv'), 'id,amount,made,year\n99,1,,2022\n');
  await tidemark(cwd, ['ingest', 'orders.csv']);
  expect((await tidemark(cwd, ['tables'])).out).not.toMatch(/orders {2,}table/);
  expect(await tidemark(cwd, ['load', 'abandon', 'orders'])).toMatchObject({ code: 0 });
  await tidemark(cwd, ['merge']);
  expect(await rowsOf(cwd, 'select id from orders')).toHaveLength(1);
}, 60_000);

test('load.replace: what the copy lacks goes, what came after stays', async () => {
  const cwd = shop();
  writeFileSync(join(cwd, 'orders.csv'), 'id,amount,made,year\n1,100,,2022\n99,1,,2022\n');
  await tidemark(cwd, ['ingest', 'orders.csv', '--date', '2021-01-01']);
  const run = await tidemark(cwd, ['load', 'run', 'orders', 'copy', '--replace', '--output', 'json']);
  expect(run.code).toBe(0);
  const [one] = await rowsOf(cwd, 'select count(*) as n, max(id) as last, sum(amount) as total from orders');
  expect(Object.values(one!).map(Number)).toEqual([20, 20, 60]);
  expect(json(run)).toHaveLength(1);
}, 60_000);

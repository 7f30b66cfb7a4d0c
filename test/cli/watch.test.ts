import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, json, tidemark } from './terminal';

const CONFIG = `export default { name: 'shop', tables: { orders: { key: ['id'], columns: { id: 'bigint' } } } };`;

test('watch.a file that is being written waits', async () => {
  const cwd = folder();
  writeFileSync(join(cwd, 'tidemark.config.mjs'), CONFIG);
  mkdirSync(join(cwd, 'inbox'));
  const stop = new AbortController();
  let out = '';
  const args = ['watch', 'inbox'];
  const watching = tidemark(cwd, args, { stop: stop.signal, onOut: text => (out = text) });
  await new Promise(resolve => setTimeout(resolve, 500));
  const path = join(cwd, 'inbox/orders-2021-01-01.csv');
  writeFileSync(path, 'id\n1\n');
  await new Promise(resolve => setTimeout(resolve, 1200));
  appendFileSync(path, '2\n');
  while (!out.endsWith('\n')) await new Promise(resolve => setTimeout(resolve, 20));
  stop.abort();
  await watching;
  expect(out).toMatch(/^orders-2021-01-01\.csv .* delta 1 {2}2 rows {3}2 new .*\n$/);
}, 20_000);

test('watch.files there, renamed in, bad; stops', async () => {
  const cwd = folder();
  writeFileSync(join(cwd, 'tidemark.config.mjs'), CONFIG);
  mkdirSync(join(cwd, 'inbox/deep'), { recursive: true });
  writeFileSync(join(cwd, 'inbox/orders-2021-01-01.csv'), 'id\n1\n');
  const stop = new AbortController();
  let out = '';
  const until = async (text: string) => {
    while (!out.includes(text)) await new Promise(resolve => setTimeout(resolve, 20));
  };
  const watching = tidemark(cwd, ['watch', 'inbox'], { stop: stop.signal, onOut: text => (out = text) });
  await until('orders-2021-01-01.csv');
  writeFileSync(join(cwd, 'aside.csv'), 'id\n2\n');
  const renamed = Date.now();
  renameSync(join(cwd, 'aside.csv'), join(cwd, 'inbox/deep/orders-2021-01-02.csv'));
  await until('deep/orders-2021-01-02.csv');
  if (process.platform === 'linux') expect(Date.now() - renamed).toBeLessThan(1800);
  writeFileSync(join(cwd, 'bad.csv'), 'id\nx\n');
  renameSync(join(cwd, 'bad.csv'), join(cwd, 'inbox/orders-2021-01-03.csv'));
  await until('quarantined');
  stop.abort();
  const ran = await watching;
  expect(ran.code).toBe(3);
  expect(ran.err).toContain('stopped after 3 files');
  const rows = await tidemark(cwd, ['query', 'select id from orders order by id', '--output', 'json']);
  expect(json(rows)).toEqual([{ id: '1' }, { id: '2' }]);
}, 20_000);

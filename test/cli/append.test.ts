import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, json, tidemark } from './terminal';

const CONFIG = `export default { name: 'game',
  tables: { events: { mode: 'append', columns: { id: 'bigint', what: 'string' } } } };`;

test('append: taken in, merged, compared; what needs a key says so', async () => {
  const cwd = folder();
  const run = (...args: string[]) => tidemark(cwd, args);
  writeFileSync(join(cwd, 'tidemark.config.mjs'), CONFIG);
  writeFileSync(join(cwd, 'events-1.csv'), 'id,what\n1,sword\n1,sword\n');
  writeFileSync(join(cwd, 'events-2.csv'), 'id,what\n1,sword\n2,\n');
  for (const file of ['events-1.csv', 'events-1.csv', 'events-2.csv'])
    expect(await run('ingest', file, '--table', 'events')).toMatchObject({ code: 0 });
  const counted = await run('query', 'select count(*) as n from events', '--output', 'json');
  expect(json(counted)).toEqual([{ n: '4' }]);
  const all = ['diff', 'events', '--since', '2020-01-01'];
  expect((await run(...all)).out.split('\n')).toEqual([
    ...Array(3).fill('added    id: 1, what: sword'),
    ...['added    id: 2, what: NULL', ''],
  ]);
  expect((await run(...all, '--output', 'csv')).out.split('\r\n')).toEqual([
    ...['change,id,what', ...Array(3).fill('added,1,sword'), 'added,2,', ''],
  ]);
  const roles = json(await run('describe', 'events', '--output', 'json')).map(column => column.role);
  expect(new Set(roles)).toEqual(new Set(['']));
  const keyed = [
    ['history', 'events', '1'],
    ['trace', '--table', 'events', '--key', '1'],
  ];
  for (const args of keyed) expect((await run(...args)).err).toContain('TM_6020');
  expect((await run('load', 'plan', 'events', 'copy')).err).toContain('TM_1011');
});

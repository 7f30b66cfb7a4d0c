import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { EXAMPLES, folder, json, tidemark } from './terminal';

const INGEST = ['ingest', 'day1.csv', '--table', 'employees', '--date', '2021-01-01'];

test('pause: what is taken in waits, and goes on when it is resumed', async () => {
  const cwd = folder();
  cpSync(join(EXAMPLES, 'employees'), cwd, { recursive: true });
  await tidemark(cwd, [...INGEST, '--no-merge']);
  expect((await tidemark(cwd, ['pause', 'employees'])).out).toBe('employees  paused\n');
  expect((await tidemark(cwd, ['pause', 'employees'])).out).toBe('employees  was paused before\n');
  expect((await tidemark(cwd, ['merge'])).out).toBe('employees  nothing waits\n');
  expect((await tidemark(cwd, ['status'])).out).toMatch(/1 entry, 5 rows .*\(paused\)/);
  expect((await tidemark(cwd, ['resume', 'employees'])).out).toBe('employees  resumed\n');
  expect((await tidemark(cwd, ['resume', 'employees'])).out).toBe('employees  was not paused\n');
  expect((await tidemark(cwd, ['merge'])).out).toMatch(/5 new/);
  const status = json(await tidemark(cwd, ['status', '--output', 'json']));
  expect(status).toMatchObject([{ rows: 5, waiting_entries: 0, paused: false }]);
  expect((await tidemark(cwd, ['pause', 'nothing'])).err).toMatch(/^\[TM_7002\]/);
});

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { progressWords } from '../../lib/cli/render/load';
import type { LoadProgress } from '../../lib/stages/load/project';
import { keysMissing, keysRepeated, tasksFailed, tasksLeft } from '../../lib/stages/load/run-errors';
import { folder, tidemark } from './terminal';

jest.setTimeout(60_000);

const TASKS = { pending: 0, in_progress: 2, failed: 0, succeeded: 18, ignored: 0 };
const words = (more: Partial<LoadProgress>, took = 40_000) =>
  progressWords(
    { step: 'split', tasks: TASKS, since: 0, done: 8, ...more },
    { succeeded: 10, at: 0 },
    100,
    took,
  );

test('load.progress: the time that is left, or what is waited for', () => {
  expect(words({})).toBe('split: 18 of 20 tasks, about 90 B of 100 B, 10 s left');
  expect(words({}, 400)).toBe('split: 18 of 20 tasks, about 90 B of 100 B');
  const until = Date.now() + 50_000;
  const at = new Date(until - new Date(until).getTimezoneOffset() * 60_000).toISOString().slice(11, 19);
  expect(words({ waits: { owner: 'there/7', until } })).toBe(
    `split: 18 of 20 tasks, about 90 B of 100 B, waits for a task of there/7: free at ${at}, unless that goes on`,
  );
  expect(words({ waits: { until } })).toMatch(new RegExp(`, waits until ${at} to try a failed task again$`));
});

test('load.counts: one is one', () => {
  expect(tasksFailed('t', 'split', 1, 'x').message).toMatch(/^\[TM_2753\] 1 task of the step split failed/);
  expect(keysRepeated('t', 1, ['x']).message).toMatch(/^\[TM_2754\] 1 key stands in more than one row/);
  expect(keysMissing('t', 1, ['x']).message).toMatch(/^\[TM_2756\] 1 row lacks a value/);
  expect(keysMissing('t', 2, ['x']).message).toMatch(/^\[TM_2756\] 2 rows lack a value/);
  expect(tasksLeft('t', 'pack', 1).message).toMatch(/^\[TM_2762\] 1 task of the step pack is not done/);
});

function shop(): string {
  const cwd = folder();
  writeFileSync(
    join(cwd, 'tidemark.config.mjs'),
    `export default { name: 'shop', tables: { users: { key: ['id'], from: 'shop.users', columns: { id: 'bigint', a: 'int' } } } };`,
  );
  mkdirSync(join(cwd, 'copy'));
  writeFileSync(join(cwd, 'copy/users.csv'), 'id,a\n1,1\n');
  return cwd;
}

test('load.none: who looks at a load that is not there learns how the last one ended', async () => {
  const cwd = shop();
  const said = async (...args: string[]) => (await tidemark(cwd, ['load', ...args])).err;
  expect(await said('run', 'users')).toMatch(
    /^\[TM_2757\] .*begin one: tidemark load run users <where the copy is>\n$/,
  );
  for (const what of ['abandon', 'validate', 'retry'])
    expect(await said(what, 'users')).toMatch(/^\[TM_2757\] .*under way: the table was never loaded/);
  await tidemark(cwd, ['load', 'run', 'users', 'copy']);
  expect(await said('validate', 'users')).toMatch(
    /^\[TM_2757\] .*the last one was committed as entry 1 .*load status/,
  );
  await tidemark(cwd, ['load', 'plan', 'users', 'copy', '--again']);
  await tidemark(cwd, ['load', 'abandon', 'users']);
  expect(await said('abandon', 'users')).toMatch(/^\[TM_2757\] .*the last one was given up/);
});

test('load.dryRun: a copy without the key is refused before anything is begun', async () => {
  const cwd = shop();
  writeFileSync(join(cwd, 'copy/users.csv'), 'number,a\n1,1\n');
  expect(await tidemark(cwd, ['load', 'plan', 'users', 'copy', '--dry-run'])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^\[TM_2772\]/),
  });
});

test('load.reload: the held file says what to run, and a replace without a place says where it came from', async () => {
  const cwd = shop();
  const place = join(cwd, 'shop/users');
  mkdirSync(place, { recursive: true });
  const full = async (row: string) => {
    writeFileSync(join(place, 'LOAD00000001.csv'), `${row}\n`);
    return tidemark(cwd, ['ingest', 'shop/users/LOAD00000001.csv']);
  };
  await full('1,1');
  const held = await full('1,2');
  expect(held.out + held.err).toContain('tidemark load plan users <folder> --replace --dry-run');
  expect((await tidemark(cwd, ['load', 'run', 'users', '--replace'])).err).toMatch(
    /^\[TM_2757\] .*load run users <where the copy is> --replace; .* held came from \.\.\.\/.*\/shop\/users\/\n$/,
  );
});

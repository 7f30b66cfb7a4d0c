import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { EXAMPLES, folder, json, tidemark } from './terminal';

test('tag: a version goes by its name wherever a point in time is asked for', async () => {
  const cwd = folder();
  cpSync(join(EXAMPLES, 'employees'), cwd, { recursive: true });
  const day = (n: number) => ['ingest', `day${n}.csv`, '--table', 'employees', '--date', `2021-01-0${n}`];
  await tidemark(cwd, day(1));
  expect((await tidemark(cwd, ['tag', 'add', 'employees', 'first'])).out).toMatch(
    /^employees {2}first is snapshot \d+, committed /,
  );
  await tidemark(cwd, day(2));
  const count = ['query', 'select count(*) n from employees', '--output', 'json'];
  expect(json(await tidemark(cwd, [...count, '--as-of', 'first']))).toEqual([{ n: '5' }]);
  expect(json(await tidemark(cwd, count))).toEqual([{ n: '7' }]);
  // The log has no such tag: it is read as it was when the table's version was committed.
  const log = ['query', 'select count(*) n from employees_deltas', '--output', 'json', '--as-of', 'first'];
  expect(json(await tidemark(cwd, log))).toEqual([{ n: '5' }]);
  expect((await tidemark(cwd, ['diff', 'employees', '--since', 'first'])).out).toMatch(/^changed {2}5 .*\n/);
  const listed = json(await tidemark(cwd, ['tag', 'list', '--output', 'json']));
  expect(listed).toMatchObject([{ table: 'employees', tag: 'first' }]);
  expect((await tidemark(cwd, ['tag', 'drop', 'employees', 'first'])).out).toBe('employees  dropped first\n');
  expect((await tidemark(cwd, [...count, '--as-of', 'first'])).err).toMatch(/^\[TM_6025\]/);
});

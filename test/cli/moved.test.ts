import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, tidemark } from './terminal';

const CONFIG = `export default { name: 'm', tables: { t: { key: ['id'], columns: { id: 'bigint' } } } };`;

test.each([
  ['the lake alone', 'lake', "the lake's place"],
  ['the project with it', '.', 'a new place'],
])('moved.%s: what the error says to do makes it readable again', async (_, what, to) => {
  const base = folder();
  const old = join(base, 'old');
  mkdirSync(old);
  writeFileSync(join(old, 'tidemark.config.mjs'), CONFIG);
  writeFileSync(join(old, 't.csv'), 'id\n1\n');
  expect((await tidemark(old, ['ingest', 't.csv'])).code).toBe(0);
  const moved = join(base, to);
  renameSync(join(old, what), moved);
  const [cwd, lake] = what === '.' ? [moved, join(moved, 'lake')] : [old, moved];
  const refused = await tidemark(cwd, ['query', 'select * from t', '--lake', lake]);
  expect(refused.err).toMatch(/^\[TM_3001\]/);
  const [, link, option] = /(mkdir -p .*), then tidemark <command> (--lake .*)/.exec(refused.err)!;
  execFileSync('sh', ['-c', link!]);
  const words = execFileSync('sh', ['-c', `printf '%s\\n' ${option}`], { encoding: 'utf8' });
  const read = await tidemark(cwd, ['query', 'select * from t', ...words.trimEnd().split('\n')]);
  expect(read).toMatchObject({ code: 0, out: expect.stringContaining('1') });
});

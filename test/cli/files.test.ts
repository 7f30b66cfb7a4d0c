import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, json, tidemark } from './terminal';

test("files.folder: what is passed over is named, and a tool's settings are no data", async () => {
  const cwd = folder();
  const config = "export default { name: 'f', tables: { t: { key: ['id'] } } };";
  writeFileSync(join(cwd, 'tidemark.config.mjs'), config);
  mkdirSync(join(cwd, 'in'));
  const files = { 't-2021-01-01.csv': 'id\n1\n', 't.tsv': 'id\n', 'package.json': '{}', 't.xlsx': 'x' };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, 'in', name), text);
  const ran = await tidemark(cwd, ['ingest', 'in', '--output', 'json']);
  expect(ran.code).toBe(0);
  expect(json(ran).map(row => row.file)).toEqual(['in/t-2021-01-01.csv']);
  expect(ran.err).toBe(
    'passed over 3 files by name: in/package.json, in/t.tsv, in/t.xlsx (data ends in csv, json, jsonl, ndjson or parquet, or these with .gz)\n',
  );
  expect((await tidemark(cwd, ['ingest', '*'])).err).not.toContain('tidemark.config');
  expect((await tidemark(cwd, ['ingest', 'in/*.csv'])).err).toBe('');
  const named = await tidemark(cwd, ['ingest', 'in/t.tsv']);
  expect(named.out).toContain('quarantined  [TM_2302]');
});

test('diff.new: since before the lake there was nothing, so all rows are new', async () => {
  const cwd = folder();
  const config = "export default { name: 'f', tables: { t: { key: ['id'] } } };";
  writeFileSync(join(cwd, 'tidemark.config.mjs'), config);
  writeFileSync(join(cwd, 't.csv'), 'id\n1\n2\n');
  await tidemark(cwd, ['ingest', 't.csv']);
  expect(await tidemark(cwd, ['diff', 't', '--since', '5 minutes ago'])).toEqual({
    code: 0,
    err: "since before the table's first snapshot: every row is new\n",
    out: 'added    1  id: 1\nadded    2  id: 2\n',
  });
  const then = await tidemark(cwd, ['query', 'select * from t', '--as-of', '5 minutes ago']);
  expect(then.err).toMatch(/^\[TM_6003\] .*the first retained one is of 20/);
});

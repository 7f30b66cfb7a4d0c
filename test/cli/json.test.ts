import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { changeLine } from '../../lib/cli/diff';
import { jsonCell } from '../../lib/cli/render/json';
import { tableText } from '../../lib/cli/render/table';
import { folder, json, tidemark } from './terminal';

test('json.types: a column has one JSON type, however large its values', async () => {
  const cwd = folder();
  writeFileSync(
    join(cwd, 'tidemark.config.mjs'),
    `export default { name: 'j', tables: { t: { key: ['id'],
      columns: { id: 'int', ref: 'decimal(28,0)', n: 'bigint', amount: 'decimal(22,2)', d: 'double' } } } };`,
  );
  writeFileSync(
    join(cwd, 't.csv'),
    'id,ref,n,amount,d\n1,1,1,1.10,1\n2,9007199254740993,9007199254740993,12345678901234567890.12,1.5\n',
  );
  await tidemark(cwd, ['ingest', 't.csv']);
  const rows = json(
    await tidemark(cwd, ['query', 'select id, ref, n, amount, d from t order by id', '--output', 'json']),
  );
  expect(rows).toEqual([
    { id: 1, ref: '1', n: '1', amount: '1.10', d: 1 },
    { id: 2, ref: '9007199254740993', n: '9007199254740993', amount: '12345678901234567890.12', d: 1.5 },
  ]);
});

test('json.cells: what JSON has no number for is text', () => {
  expect([Number.NaN, Number.NEGATIVE_INFINITY, 1n, null, true].map(jsonCell)).toEqual([
    '"NaN"',
    '"-Infinity"',
    '"1"',
    'null',
    'true',
  ]);
});

test('table.null: a text NULL is not the absence of a value', () => {
  const text = tableText({ columns: ['a', 'b'] }, [[null, 'NULL']]);
  expect(text).toContain('NULL  "NULL"');
  expect(changeLine({ kind: 'changed', key: [1n], changes: [{ column: 'a', from: 'NULL', to: null }] })).toBe(
    'changed  1  a: "NULL" -> NULL',
  );
});

test('query.missing: a table that is not there is no occasion for names of the engine', async () => {
  const cwd = folder();
  writeFileSync(
    join(cwd, 'tidemark.config.mjs'),
    "export default { name: 'j', tables: { t: { key: ['id'] } } };",
  );
  writeFileSync(join(cwd, 't.csv'), 'id\n1\n');
  await tidemark(cwd, ['ingest', 't.csv']);
  const { err } = await tidemark(cwd, ['query', 'select * from prepared_statement']);
  expect(err).toMatch(/^\[TM_6001\].*does not exist/);
  expect(err).not.toContain('pg_');
  expect(err).toContain('tidemark tables');
});

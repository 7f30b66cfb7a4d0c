import { withLiterals } from '../../lib/adapters/aws/athena-literals';
import type { LakeConfig } from '../../lib/config/define';
import type { SqlParameter } from '../../lib/ports/query-engine';
import { athenaFoldSql } from '../../lib/query/athena/fold-sql';
import { historyViewSql } from '../../lib/query/athena/history-view';
import { readAthenaLog } from '../../lib/query/athena/log';
import { withPlaceholders } from '../../lib/query/athena/placeholders';
import { looksReadOnly } from '../../lib/query/athena/reads-only';
import { athenaSqlType } from '../../lib/query/athena/types';
import { mergeAll, type TestLake, take, testLake } from '../support/lake';

test('placeholders: a value a place, in the order of the text, none in quotes and comments', () => {
  const sql = `SELECT $2, '$1', "$1" -- $1\n, /* $2 */ $1 + $2`;
  expect(withPlaceholders({ sql, params: [1, null] })).toEqual({
    sql: `SELECT ?, '$1', "$1" -- $1\n, /* $2 */ ? + ?`,
    params: [null, 1, null],
  });
  expect(withPlaceholders({ sql: 'SELECT $1' })).toEqual({ sql: 'SELECT $1', params: [] });
});

test.each<[SqlParameter, string]>([
  ["it's $1 ? \\", "'it''s $1 ? \\'"],
  [null, 'NULL'],
  [true, 'true'],
  [-3, '(-3)'],
  [1.5, "DOUBLE '1.5'"],
  [1e21, "DOUBLE '1e+21'"],
  [9223372036854775807n, "BIGINT '9223372036854775807'"],
  [9223372036854775808n, "DECIMAL '9223372036854775808'"],
])('literals: %p', (value, literal) => {
  expect(withLiterals({ sql: "SELECT '?', ? -- ?", params: [value] })).toBe(`SELECT '?', ${literal} -- ?`);
});

test('literals: what has none, or no place, is refused', () => {
  expect(() => withLiterals({ sql: '?', params: [Number.NaN] })).toThrow('TM_5251');
  expect(() => withLiterals({ sql: '?, ?', params: [1] })).toThrow('TM_5253');
  expect(() => withLiterals({ sql: '? /* ? */', params: [1, 2] })).toThrow('TM_5253');
  expect(withLiterals({ sql: 'PATTERN (A?)' })).toBe('PATTERN (A?)');
});

test.each([
  ['EXPLAIN ANALYZE INSERT INTO a SELECT 1', false],
  ['EXPLAIN ANALYZE VERBOSE DELETE FROM a', false],
  ['EXPLAIN ANALYZE SELECT 1', true],
  ['EXPLAIN EXPLAIN ANALYZE INSERT INTO a SELECT 1', true],
  ['EXPLAIN ANALYZE EXPLAIN ANALYZE INSERT INTO a SELECT 1', false],
  ['EXPLAIN (FORMAT JSON) INSERT INTO a SELECT 1', true],
  ['(((SELECT 1)))', true],
  ['SHOW TABLES', true],
  ['DESCRIBE a', true],
  ['VALUES 1', true],
  ["UNLOAD (SELECT 1) TO 's3://a/'", false],
  ['selected', false],
  ['', false],
  ['-- SELECT 1', false],
  ["SELECT 'it''s; fine' -- ; DROP TABLE a", true],
  ['SELECT 1;;', true],
])('readsOnly: %s', (sql, expected) => {
  expect(looksReadOnly(sql)).toBe(expected);
});

test('types: as SELECTs and casts name them', () => {
  const types = [
    'int',
    'long',
    'float',
    'double',
    'string',
    'binary',
    'timestamp',
    'date',
    'boolean',
  ] as const;
  expect(types.map(athenaSqlType).join()).toBe(
    'integer,bigint,real,double,varchar,varbinary,timestamp(6),date,boolean',
  );
  expect(athenaSqlType('decimal(10,2)')).toBe('decimal(10,2)');
});

const CONFIG: LakeConfig = {
  name: 'athena',
  tables: {
    one: {
      key: ['id'],
      columns: { id: 'bigint', a: 'int' },
      format: { header: true, opColumn: 'Op', sequenceColumn: 'AR_H_CHANGE_SEQ' },
    },
  },
};

let position = 0;
const received = (lake: TestLake, values: object) =>
  take(
    lake,
    `${++position}/one.jsonl`,
    JSON.stringify({
      Op: 'U',
      AR_H_CHANGE_SEQ: `20210101000000${String(position).padStart(21, '0')}`,
      ...values,
    }),
    { date: '2021-01-01' },
  );

async function lackingOf(lake: TestLake): Promise<Record<string, string>> {
  await mergeAll(lake, 'one');
  const { fields, lacking } = (await readAthenaLog(lake.ports, lake.lake.tables[0]!))!;
  return Object.fromEntries([...lacking].map(([id, sql]) => [fields.find(f => f.id === id)!.name, sql]));
}

test('lacking: nothing where every file has every column', async () => {
  const lake = testLake(CONFIG);
  await received(lake, { id: 1, a: 1 });
  await received(lake, { id: 2, a: null });
  expect(await lackingOf(lake)).toEqual({});
  expect((await readAthenaLog(lake.ports, lake.lake.tables[0]!))!.partial).toBe(false);
});

test('lacking: entries from before a column, whatever later files leave out', async () => {
  const lake = testLake(CONFIG);
  for (const values of [{ a: 1 }, { a: 1, b: 'x' }, { b: 'x' }, { a: 1, b: 'x' }]) {
    await received(lake, { id: 1, ...values });
  }
  expect(await lackingOf(lake)).toEqual({ b: '(_entry < 2)' });
  // What came without a column that is there says so itself.
  await received(lake, { id: 1, a: 1 });
  expect(await lackingOf(lake)).toEqual({ b: '(_entry < 2)' });
});

test('lacking: a file beside the first that has the column goes by its name', async () => {
  const lake = testLake(CONFIG);
  await received(lake, { id: 1, a: 1 });
  const table = lake.lake.tables[0]!;
  // Two ingests that read the ledger's counter at once: both deltas bear one number, one of them knows the column.
  const { ports } = lake;
  const slow = { ...ports, items: { ...ports.items } };
  let release = () => {};
  const held = new Promise<void>(resolve => {
    release = resolve;
  });
  slow.items.transact = async actions => {
    if (actions.some(action => 'put' in action && action.put.sort.startsWith('entry#'))) await held;
    return ports.items.transact(actions);
  };
  const late = received({ ...lake, ports: slow }, { id: 2, a: 2 });
  await new Promise(resolve => setTimeout(resolve, 200));
  await received(lake, { id: 3, a: 3, b: 'x' });
  release();
  await late;
  const { b } = await lackingOf(lake);
  expect(b).toMatch(/^\(_entry < 2 OR _source IN \('one-\w+'\)\)$/);
  const log = (await readAthenaLog(ports, table))!;
  expect(athenaFoldSql(table, log, "DATE '2021-01-01'", 'lake')).toContain(`AND NOT ${b}`);
});

test('names: of every letter, quoted; the date stands once', async () => {
  const lake = testLake({
    ...CONFIG,
    tables: { one: { ...CONFIG.tables.one!, columns: { id: 'bigint', 'it"s; --': 'int', op: 'string' } } },
  });
  await received(lake, { id: 1, 'it"s; --': 1, op: 'x' });
  await mergeAll(lake, 'one');
  const table = lake.lake.tables[0]!;
  const log = (await readAthenaLog(lake.ports, table))!;
  expect(athenaFoldSql(table, log, 'CAST(? AS DATE)', 'my"db').split('?')).toHaveLength(2);
  const view = historyViewSql(table, log, 'my"db');
  expect(view).toContain('CREATE OR REPLACE VIEW "my""db"."one_history" AS');
  expect(view).toContain('"it""s; --"');
  expect(view).toContain('s._op AS "_op"');
});

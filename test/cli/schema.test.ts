import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, json, tidemark } from './terminal';

const put = (cwd: string, name: string, text: string) => writeFileSync(join(cwd, name), text);

const declare = (cwd: string, table: string) =>
  put(
    cwd,
    'tidemark.config.mjs',
    `export default { name: 'shop', tables: { t: { key: ['id'], ${table} } } };`,
  );

const query = async (cwd: string, sql: string, ...more: string[]) =>
  json(await tidemark(cwd, ['query', sql, '--output', 'json', ...more]));

const schema = (cwd: string, ...args: string[]) => tidemark(cwd, ['schema', ...args]);

/** A lake whose column qty came in as strings. */
async function lake(): Promise<string> {
  const cwd = folder();
  declare(cwd, "columns: { id: 'bigint', ua: 'string' }");
  put(cwd, 't-2024-01-01.csv', 'id,ua,qty\n1,x,5\n2,y,6\n');
  put(cwd, 't-2024-01-02.csv', 'id,ua,qty\n2,z,many\n');
  expect((await tidemark(cwd, ['ingest', 't-2024-01-01.csv'])).code).toBe(0);
  expect((await tidemark(cwd, ['ingest', 't-2024-01-02.csv'])).code).toBe(0);
  return cwd;
}

test('schema: what differs is shown, what does not cast is listed, and the rest is done', async () => {
  const cwd = await lake();
  expect((await schema(cwd, 'diff')).err).toContain('the tables are as the config declares them');
  declare(
    cwd,
    "columns: { id: 'bigint', user_agent: 'string', qty: 'int', seen: 'timestamp' }, aliases: { user_agent: ['ua'] }",
  );
  const diff = await schema(cwd, 'diff', '--output', 'json');
  expect(diff.code).toBe(4);
  expect(
    json(diff).map(({ column, change, from, to, done_by }) => [column, change, from, to, done_by]),
  ).toEqual([
    ['user_agent', 'rename', 'ua', 'user_agent', 'the next ingest'],
    ['qty', 'retype', 'string', 'int', 'schema apply'],
    ['seen', 'add', null, 'timestamp', 'the next ingest'],
  ]);
  put(cwd, 't-2024-01-03.csv', 'id,ua,qty\n3,v,7\n');
  const early = await tidemark(cwd, ['ingest', 't-2024-01-03.csv']);
  expect(early.code).toBe(3);
  expect(early.out).toContain('run tidemark schema apply t, which casts the strings');

  const refused = await schema(cwd, 'apply');
  expect(refused.code).toBe(1);
  expect(refused.err).toMatch(
    /entry 2 \(.*t-2024-01-02\.csv\), position \d+:\d+, key 2, column qty: "many" is not int/,
  );
  expect(refused.err).toContain('[TM_3097] 1 text does not cast');
  expect(await query(cwd, 'select id, user_agent, qty from t order by id')).toEqual([
    { id: '1', user_agent: 'x', qty: '5' },
    { id: '2', user_agent: 'z', qty: 'many' },
  ]);

  const done = await schema(cwd, 'apply', '--null-what-does-not-cast');
  expect(done.code).toBe(0);
  expect((await tidemark(cwd, ['replay', 't-2024-01-03.csv'])).code).toBe(0);
  expect(await query(cwd, 'select id, user_agent, qty, seen from t order by id')).toEqual([
    { id: '1', user_agent: 'x', qty: 5, seen: null },
    { id: '2', user_agent: 'z', qty: null, seen: null },
    { id: '3', user_agent: 'v', qty: 7, seen: null },
  ]);
  expect(
    await query(cwd, 'select qty, qty_as_received from t_deltas where id = 2 order by _pos_major'),
  ).toEqual([
    { qty: 6, qty_as_received: '6' },
    { qty: null, qty_as_received: 'many' },
  ]);
  const history = json(await tidemark(cwd, ['history', 't', '2', '--output', 'json']));
  expect(history.map(row => [row.user_agent, row.qty])).toEqual([
    ['y', 6],
    ['z', null],
  ]);
  const [first] = await query(cwd, 'select count(*) as n from t where qty = 5');
  expect(first).toEqual({ n: '1' });
  expect((await schema(cwd, 'diff')).code).toBe(0);
  const shown = json(await schema(cwd, 'show', 't', '--output', 'json'));
  expect(shown.map(({ column, type, key, was, texts_in }) => [column, type, key, was, texts_in])).toEqual([
    ['id', 'long', true, null, null],
    ['user_agent', 'string', false, 'ua', null],
    ['qty', 'int', false, null, 'qty_as_received'],
    ['seen', 'timestamp', false, null, null],
  ]);
});

test('schema.asOf: an old snapshot reads as it was, under its columns of then', async () => {
  const cwd = await lake();
  const [{ snapshot } = {}] = json(await tidemark(cwd, ['tables', '--output', 'json'])).filter(
    t => t.name === 't',
  );
  declare(
    cwd,
    "columns: { id: 'bigint', user_agent: 'string', qty: 'int' }, aliases: { user_agent: ['ua'] }",
  );
  await schema(cwd, 'apply', '--null-what-does-not-cast');
  expect(await query(cwd, 'select ua, qty from t order by id', '--as-of', String(snapshot))).toEqual([
    { ua: 'x', qty: '5' },
    { ua: 'z', qty: 'many' },
  ]);
});

test('schema.refused: names the table, the column, both types and the declaration', async () => {
  const cwd = folder();
  declare(cwd, "columns: { id: 'bigint', n: 'bigint' }");
  put(cwd, 't-2024-01-01.csv', 'id,n\n1,5\n');
  await tidemark(cwd, ['ingest', 't-2024-01-01.csv']);
  declare(cwd, "columns: { id: 'bigint', n: 'date' }");
  for (const command of ['diff', 'apply']) {
    const ran = await schema(cwd, command);
    expect(ran.code).toBe(4);
    expect(ran.err).toMatch(
      /\[TM_3008\] column n is long in the table and date .* table t .* declare n: 'long'/,
    );
  }
});

test('schema.dryRun: ends with 1 where texts do not cast, unless they may become NULL', async () => {
  const cwd = await lake();
  declare(cwd, "columns: { id: 'bigint', ua: 'string', qty: 'int' }");
  const tried = await schema(cwd, 'apply', '--dry-run');
  expect(tried.code).toBe(1);
  expect(tried.err).toContain('1 text not cast');
  expect((await schema(cwd, 'apply', '--dry-run', '--null-what-does-not-cast')).code).toBe(0);
  const keyed = folder();
  declare(keyed, "columns: { id: 'string' }");
  put(keyed, 't-2024-01-01.csv', 'id\na\n');
  await tidemark(keyed, ['ingest', 't-2024-01-01.csv']);
  declare(keyed, "columns: { id: 'bigint' }");
  expect((await schema(keyed, 'apply', '--dry-run', '--null-what-does-not-cast')).code).toBe(1);
});

test('schema.reports: those that a rename or a retype concerns are named, and follow it', async () => {
  const cwd = folder();
  const config = (table: string) =>
    put(
      cwd,
      'tidemark.config.mjs',
      `export default { name: 'shop', tables: { t: { key: ['id'], ${table} } },
        reports: { daily: { table: 't' }, counts: { sql: 'counts.sql' } } };`,
    );
  put(cwd, 'counts.sql', 'SELECT count(*) AS n FROM t');
  config("columns: { id: 'bigint', ua: 'string', qty: 'string' }");
  put(cwd, 't-2024-01-01.csv', 'id,ua,qty\n1,x,5\n');
  await tidemark(cwd, ['ingest', 't-2024-01-01.csv']);
  expect((await tidemark(cwd, ['report', 'daily', '--date', '2024-01-01'])).code).toBe(0);
  config("columns: { id: 'bigint', user_agent: 'string', qty: 'string' }, aliases: { user_agent: ['ua'] }");
  expect((await schema(cwd, 'diff')).err).toContain('report daily: column user_agent of t was ua');
  expect((await tidemark(cwd, ['report', 'daily', '--date', '2024-01-02'])).code).toBe(0);
  expect(await query(cwd, 'select user_agent, report_date from daily order by report_date')).toEqual([
    { user_agent: 'x', report_date: '2024-01-01' },
    { user_agent: 'x', report_date: '2024-01-02' },
  ]);
  config("columns: { id: 'bigint', user_agent: 'string', qty: 'int' }, aliases: { user_agent: ['ua'] }");
  const applied = await schema(cwd, 'apply');
  expect(applied.code).toBe(0);
  expect(applied.err).toContain('report daily: column qty of t becomes int');
  expect(applied.err).toContain('(counts)');
  const refused = await tidemark(cwd, ['report', 'daily', '--date', '2024-01-03']);
  expect(refused.code).toBe(1);
  expect(refused.err).toContain('[TM_6024] column qty of table t was string, and int now');
  expect((await tidemark(cwd, ['diff', 't', '--since', '2 hours ago'])).code).toBe(0);
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, json, tidemark } from './terminal';

const change = (op: string, id: number, a: number, pos: number) =>
  JSON.stringify({
    before: op === 'c' ? null : { id, a: a - 1 },
    after: op === 'd' ? null : { id, a },
    source: { db: 's', table: 'Orders', ts_ms: 1722214747678, file: 'bin.000002', pos, row: 1 },
    op,
  });

const declare = (cwd: string, tables: string, undeclared: string) =>
  writeFileSync(
    join(cwd, 'tidemark.config.mjs'),
    `export default { name: 'shop', undeclared: '${undeclared}', tables: { ${tables} } };`,
  );

test('undeclared: strings at first; declared with key and types, applied and replayed, the table', async () => {
  const cwd = folder();
  const lines = [change('c', 1, 10, 1), change('c', 2, 20, 2), change('u', 1, 11, 3), change('d', 2, 21, 4)];
  writeFileSync(join(cwd, 'changes.jsonl'), `${lines.join('\n')}\n`);
  declare(cwd, '', 'strings');
  const taken = await tidemark(cwd, ['ingest', '--format', 'debezium', 'changes.jsonl']);
  expect(taken.code).toBe(3);
  const query = async (sql: string) => json(await tidemark(cwd, ['query', sql, '--output', 'json']));
  expect(await query('select id, a from orders order by id')).toEqual([
    { id: '1', a: '10' },
    { id: '2', a: '20' },
  ]);
  expect(json(await tidemark(cwd, ['describe', 'orders', '--output', 'json']))).toContainEqual(
    expect.objectContaining({ column: 'a' }),
  );
  expect((await tidemark(cwd, ['status'])).out).toContain('orders');
  // Files say nothing of what their columns are to be.
  writeFileSync(join(cwd, 'orders-2024-01-01.csv'), 'id,a\n3,30\n');
  const file = await tidemark(cwd, ['ingest', 'orders-2024-01-01.csv']);
  expect([file.code, file.out + file.err]).toEqual([3, expect.stringContaining('TM_2302')]);
  declare(cwd, "orders: { from: 's.Orders', key: ['id'], columns: { id: 'bigint', a: 'int' } }", 'refuse');
  const diff = await tidemark(cwd, ['schema', 'diff', '--output', 'json']);
  expect(diff.code).toBe(4);
  expect(json(diff).map(row => row.change)).toEqual(['retype', 'retype', 'key']);
  expect(await tidemark(cwd, ['schema', 'apply', 'orders'])).toMatchObject({ code: 0 });
  const replayed = await tidemark(cwd, ['replay', 'changes.jsonl']);
  expect(replayed).toMatchObject({ code: 0 });
  expect(await query('select id, a from orders')).toEqual([{ id: '1', a: 11 }]);
});

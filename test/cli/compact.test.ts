import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, json, tidemark } from './terminal';

const config = (limits: object) =>
  `export default { name: 'shop', limits: ${JSON.stringify(limits)},
     tables: { orders: { key: ['id'], columns: { id: 'bigint' } } } };`;

test('compact.table: small files become one, its rows stay', async () => {
  const cwd = folder();
  writeFileSync(join(cwd, 'tidemark.config.mjs'), config({ rowGroupBytesMax: 1, fileBytesMax: 1 }));
  const ids = Array.from({ length: 8 }, (_, i) => String(i + 1));
  writeFileSync(join(cwd, 'orders.csv'), `id\n${ids.join('\n')}\n`);
  expect(await tidemark(cwd, ['ingest', 'orders.csv'])).toMatchObject({ code: 0 });
  writeFileSync(join(cwd, 'tidemark.config.mjs'), config({}));
  const compacted = await tidemark(cwd, ['compact']);
  expect(compacted.code).toBe(0);
  expect(compacted.out).toMatch(/^orders {2}8 files became 1: 8 rows, \d+ (B|KB) written\n$/);
  expect((await tidemark(cwd, ['compact', 'orders'])).out).toBe('orders  nothing to compact\n');
  const rows = await tidemark(cwd, ['query', 'select id from orders', '--output', 'json']);
  expect(json(rows).map(row => row.id)).toEqual(ids);
});

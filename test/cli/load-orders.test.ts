import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { localStore } from '../../lib/adapters/local/object-store';
import { parquetOf, putExport, putOrders } from '../support/copies';
import { ORDERS } from '../support/orders';
import { folder, json, tidemark } from './terminal';

jest.setTimeout(120_000);

function configure(cwd: string, orders: object): void {
  const config = { name: 'shop', tables: { orders } };
  writeFileSync(join(cwd, 'tidemark.config.mjs'), `export default ${JSON.stringify(config)};`);
}

async function shop(): Promise<string> {
  const cwd = folder();
  configure(cwd, { ...ORDERS, load: { ...ORDERS.load, groupBytes: 5_000 } });
  await putOrders(localStore(join(cwd, 'copies')));
  return cwd;
}

const MANIFEST = 'copies/orders/manifest.json';

test('load.manifest: planned, held, run in one entry with the sums of the copy, and not twice', async () => {
  const cwd = await shop();
  const looked = await tidemark(cwd, ['load', 'plan', 'orders', MANIFEST, '--dry-run']);
  expect(looked).toMatchObject({ code: 0, err: '' });
  expect(looked.out).toMatch(/manifest \S+manifest\.json: parquet, 20 files, \d+ KB, 1,000 rows/);
  expect(looked.out).toContain('order_id string, order_time timestamp, amount long');

  const planned = await tidemark(cwd, ['load', 'plan', 'orders', MANIFEST, '--date', '2021-12-31']);
  expect(planned).toMatchObject({ code: 0, err: 'next: tidemark load run orders\n' });
  const groups = Number(/(\d+) groups/.exec(planned.out)?.[1]);
  expect(json(await tidemark(cwd, ['status', '--output', 'json']))[0]).toMatchObject({ loading: true });
  const [begun] = json(await tidemark(cwd, ['load', 'status', 'orders', '--output', 'json']));
  expect(begun).toMatchObject({ state: 'open', date: '2021-12-31', split_all: groups, holds: true });

  const stop = new AbortController();
  stop.abort();
  const stopped = await tidemark(cwd, ['load', 'run', 'orders'], { stop: stop.signal });
  expect([stopped.code, stopped.err]).toEqual([
    1,
    expect.stringMatching(/^\[TM_2759\] .*load run orders\n$/),
  ]);
  const ran = await tidemark(cwd, ['load', 'run', 'orders', '--workers', '1']);
  expect(ran).toMatchObject({ code: 0, err: '' });
  expect(ran.out).toMatch(/loaded as entry 1: 1,000 rows in 12 files, \d+ KB, 12 partitions/);
  expect(ran.out).toMatch(/merged through 1: 1,000 new {2}1,000 rows/);
  expect(readdirSync(join(cwd, 'lake/.tmp/loads'))).toEqual([]);

  expect((await tidemark(cwd, ['load', 'run', 'orders', MANIFEST])).out).toContain(
    'loaded before, as entry 1',
  );
  expect((await tidemark(cwd, ['load', 'plan', 'orders', MANIFEST])).err).toMatch(/^\[TM_2761\]/);
});

test('load.export: the table that the config means, or that is named', async () => {
  const cwd = folder();
  configure(cwd, { key: ['id'], columns: { id: 'bigint' }, from: 'orders' });
  const id = { id: 1, name: 'id', type: 'long', required: false } as const;
  const part = (...ids: bigint[]) =>
    parquetOf(
      [id],
      ids.map(value => [value]),
    );
  const columns = { id: 'bigint' };
  await putExport(localStore(join(cwd, 'exports')), 'one', [
    { target: 'shop.orders', columns, parts: [part(1n, 2n), part(3n)] },
    { target: 'old.orders', columns, parts: [part(9n)] },
  ]);
  const unclear = await tidemark(cwd, ['load', 'plan', 'orders', 'exports/one']);
  expect(unclear.err).toMatch(/^\[TM_7016\] .*--source-table: old\.orders, shop\.orders/);
  const args = ['load', 'run', 'orders', 'exports/one', '--source-table', 'shop.orders', '--output', 'json'];
  expect(json(await tidemark(cwd, args))).toMatchObject([{ rows: 3, partitions: 1 }]);
});

test('load.wrong: errors with codes for all that cannot be loaded', async () => {
  const cwd = await shop();
  await tidemark(cwd, ['load', 'plan', 'orders', MANIFEST]);
  const failing = async (...args: string[]) => {
    const { code, err } = await tidemark(cwd, ['load', ...args]);
    return [code, /^\[(\w+)\]/.exec(err)?.[1]];
  };
  expect(await failing('validate', 'orders')).toEqual([1, 'TM_7015']);
  expect(await failing('retry', 'orders', 'nothing')).toEqual([1, 'TM_7018']);
  expect(await failing('run', 'orders', 'copies/orders/data')).toEqual([1, 'TM_7014']);
  expect(await failing('run', 'orders', '--replace')).toEqual([1, 'TM_7014']);
  expect(await tidemark(cwd, ['load', 'abandon', 'orders'])).toMatchObject({ code: 0 });
  expect(await failing('abandon', 'orders')).toEqual([1, 'TM_2757']);
  expect(await failing('run', 'people', MANIFEST)).toEqual([1, 'TM_7002']);
  expect(await failing('run', 'orders', 'nowhere')).toEqual([1, 'TM_2708']);
  expect(await failing('run', 'orders', '.')).toEqual([1, 'TM_7013']);
  expect(await failing('run', 'orders', 'lake')).toEqual([1, 'TM_7013']);
  expect(await failing('run', 'orders', 's3://bucket/orders/')).toEqual([1, 'TM_7019']);
  expect(await failing('run', 'orders', MANIFEST, '--source-table', 'x.y')).toEqual([1, 'TM_7019']);
  expect(await failing('run', 'orders', MANIFEST, '--position', 'now')).toEqual([2, 'TM_7001']);
  expect(await failing('run', 'orders', MANIFEST, '--workers', '0')).toEqual([2, 'TM_7001']);
});

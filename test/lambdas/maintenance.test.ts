import './quiet';

import { compact } from '../../lambdas/compact/handler';
import { ingestFiles } from '../../lambdas/ingest-files/handler';
import { merge } from '../../lambdas/merge/handler';
import { vacuum } from '../../lambdas/vacuum/handler';
import { liveFiles } from '../../lib/table/live-files';
import { openTable } from '../../lib/table/open';
import { readRows } from '../support/lake';
import { awsTestLake, objectEvent, sqsEvent, type TestAwsLake, within } from './aws-lake';

const ORDERS = { key: ['id'], columns: { id: 'bigint' }, partitionBy: [] };
const FILES = 10;
const DAY_MS = 24 * 3_600_000;

/** A table of many small files, one a merge. */
async function lakeOfSmallFiles(): Promise<TestAwsLake> {
  const lake = awsTestLake({ name: 'shop', tables: { broken: ORDERS, orders: ORDERS } });
  const limits = { ...lake.config.limits, rowGroupRowsMax: 1, fileBytesMax: 1 };
  const tiny = { ...lake, config: { ...lake.config, limits } };
  for (let i = 0; i < FILES; i++) {
    await lake.landing.put(`${i}/orders.csv`, Buffer.from(`id\n${i}\n`));
    await ingestFiles(lake)(sqsEvent(objectEvent(`${i}/orders.csv`)), within(300_000));
    await merge(tiny)(sqsEvent({ table: 'orders' }), within(300_000));
  }
  return lake;
}

async function filesOf(lake: TestAwsLake): Promise<number> {
  const open = await openTable(lake.ports, 'orders');
  return (await liveFiles(lake.ports.store, open!.metadata)).data.length;
}

const idsOf = async (lake: TestAwsLake) =>
  (await readRows(lake.ports, 'orders')).map(({ id }) => Number(id)).sort((a, b) => a - b);

test('compact.hourly: small files become few, a table that fails stops no other', async () => {
  const lake = await lakeOfSmallFiles();
  const ids = await idsOf(lake);
  expect(await filesOf(lake)).toBe(FILES);
  const { catalog } = lake.ports;
  const load = (table: string) =>
    table === 'broken' ? Promise.reject(new Error('Glue is away')) : catalog.load(table);
  await compact({ ...lake, ports: { ...lake.ports, catalog: { ...catalog, load } } })({}, within(900_000));
  expect(await filesOf(lake)).toBeLessThan(FILES / 2);
  expect(await idsOf(lake)).toEqual(ids);
});

test('compact.time: nothing is begun that may not end', async () => {
  const lake = await lakeOfSmallFiles();
  await compact(lake)({}, within(100_000));
  expect(await filesOf(lake)).toBe(FILES);
});

test('vacuum.daily: what nothing names goes after the margin; without time for it, on another day', async () => {
  const lake = await lakeOfSmallFiles();
  await lake.ports.store.put('deltas/orders/stray.parquet', new Uint8Array(10));
  const stray = () => lake.ports.store.head('deltas/orders/stray.parquet');
  await vacuum(lake)({}, within(900_000));
  lake.clock.advance(DAY_MS);
  await expect(vacuum(lake)({}, within(20_000))).rejects.toThrow('TM_3101');
  expect(await stray()).toBeDefined();
  await vacuum(lake)({}, within(900_000));
  expect(await stray()).toBeUndefined();
  expect(await idsOf(lake)).toHaveLength(FILES);
});

import './quiet';

import { ingestFiles } from '../../lambdas/ingest-files/handler';
import { merge } from '../../lambdas/merge/handler';
import { noteUndeclared } from '../../lib/ledger/undeclared-tables';
import { listWaiting } from '../../lib/ledger/waiting';
import { commitLoad } from '../../lib/stages/load/commit';
import { readRows } from '../support/lake';
import { beginOf, filesOf } from '../support/loads';
import { awsTestLake, objectEvent, sqsEvent, type TestAwsLake, within } from './aws-lake';

const ORDERS = { key: ['id'], columns: { id: 'bigint', v: 'int' } };
const CONFIG = { name: 'shop', tables: { orders: ORDERS }, limits: { mergeRowsMax: 1, deltaRowsMax: 1 } };
const TIME = within(300_000);

/** A lake that has taken in so many files of one row each. */
async function lakeOf(files: number): Promise<TestAwsLake> {
  const lake = awsTestLake(CONFIG);
  for (let i = 0; i < files; i++) {
    await lake.landing.put(`${i}/orders.csv`, Buffer.from(`id,v\n${i},${i}\n`));
    await ingestFiles(lake)(sqsEvent(objectEvent(`${i}/orders.csv`)), TIME);
  }
  return lake;
}

const idsOf = async (lake: TestAwsLake) => (await readRows(lake.ports, 'orders')).map(row => Number(row.id));

test('merge.message: slice after slice until nothing waits, and the history view is made', async () => {
  const lake = await lakeOf(3);
  const message = lake.sent[0]!.body;
  expect(await merge(lake)(sqsEvent(message), TIME)).toEqual({ batchItemFailures: [] });
  expect((await idsOf(lake)).sort()).toEqual([0, 1, 2]);
  expect(await listWaiting(lake.ports.items)).toEqual([]);
  expect(lake.sent).toHaveLength(1);
  expect(lake.jobs.started.map(({ sql }) => sql.slice(0, 22))).toEqual(['CREATE OR REPLACE VIEW']);
});

test('merge.twice: a second delivery finds nothing and starts nothing', async () => {
  const lake = await lakeOf(1);
  const event = sqsEvent({ table: 'orders' });
  await merge(lake)(event, TIME);
  await merge(lake)(event, TIME);
  expect(await idsOf(lake)).toEqual([0]);
  expect(lake.jobs.started).toHaveLength(1);
});

test('merge.time: one slice at least; what waits is handed on by a message of its own', async () => {
  const lake = await lakeOf(3);
  for (let sent = 1; sent <= 3; sent++) {
    expect(lake.sent).toHaveLength(sent);
    const { body, group } = lake.sent.at(-1)!;
    expect(group).toBe('orders');
    await merge(lake)(sqsEvent(body), within(10_000));
    expect(await idsOf(lake)).toHaveLength(sent);
  }
  expect(lake.sent).toHaveLength(3);
  expect(new Set(lake.sent.map(({ id }) => id)).size).toBe(3);
});

test('merge.load: one that takes longer than a run is handed on, and shows when it is whole', async () => {
  const lake = awsTestLake({ ...CONFIG, limits: { ...CONFIG.limits, rowGroupRowsMax: 1 } });
  await lake.landing.put('0/orders.csv', Buffer.from('id,v\n0,0\n'));
  await ingestFiles(lake)(sqsEvent(objectEvent('0/orders.csv')), TIME);
  await merge(lake)(sqsEvent(lake.sent[0]!.body), TIME);
  const [table] = lake.config.tables;
  const begun = (await beginOf(lake.ports, table!, false))!;
  const copy = [1, 2, 3].map(id => ({ id: BigInt(id), v: id }));
  const files = await filesOf(lake.ports, table!, begun, copy, lake.config.limits);
  await commitLoad(lake.ports, table!, begun.standing, files);
  for (let runs = 1; runs <= 4; runs++) {
    expect(await idsOf(lake)).toEqual([0]);
    await merge(lake)(sqsEvent({ table: 'orders' }), within(10_000));
    expect(lake.sent).toHaveLength(1 + runs);
  }
  await merge(lake)(sqsEvent(lake.sent.at(-1)!.body), within(10_000));
  expect((await idsOf(lake)).sort()).toEqual([0, 1, 2, 3]);
  expect(lake.sent).toHaveLength(5);
  expect(new Set(lake.sent.map(({ id }) => id)).size).toBe(5);
});

test('merge.view: a view that fails is no failure of the merge', async () => {
  const lake = await lakeOf(1);
  const jobs = { ...lake.jobs, start: () => Promise.reject(new Error('no engine')) };
  const handler = merge({ ...lake, queryPorts: { ...lake.queryPorts, jobs } });
  expect(await handler(sqsEvent({ table: 'orders' }), TIME)).toEqual({ batchItemFailures: [] });
  expect(await idsOf(lake)).toEqual([0]);
});

test('merge.undeclared: a message of a table that the config no longer has is done', async () => {
  const lake = await lakeOf(0);
  expect(await merge(lake)(sqsEvent({ table: 'gone' }), TIME)).toEqual({ batchItemFailures: [] });
});

test('merge.noted: a table that another function noted after this one was loaded is merged', async () => {
  const lake = awsTestLake({ ...CONFIG, undeclared: 'strings' });
  const handler = merge(lake);
  const table = { name: 'visits', table: 'visits', at: 0 };
  expect(await noteUndeclared(lake.ports.items, 0, table)).toBe(true);
  expect(await handler(sqsEvent({ table: 'visits' }), TIME)).toEqual({ batchItemFailures: [] });
  expect(lake.config.tables.map(({ name }) => name)).toContain('visits');
});

test('merge.fails: a table that cannot be merged comes again, others go on', async () => {
  const lake = await lakeOf(1);
  const catalog = { ...lake.ports.catalog, load: () => Promise.reject(new Error('Glue is away')) };
  const handler = merge({ ...lake, ports: { ...lake.ports, catalog } });
  const answer = await handler(sqsEvent({ table: 'orders' }, { table: 'gone' }), TIME);
  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
});

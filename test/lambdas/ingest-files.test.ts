import './quiet';

import { ingestFiles } from '../../lambdas/ingest-files/handler';
import { createdKeys } from '../../lambdas/ingest-files/s3-event';
import { readLanded } from '../../lib/ledger/landed';
import { listQuarantined } from '../../lib/ledger/quarantine';
import { listWaiting } from '../../lib/ledger/waiting';
import type { AwsLake } from '../../lib/runtime/aws';
import { awsTestLake, objectEvent, sqsEvent, within } from './aws-lake';

const CONFIG = { name: 'shop', tables: { orders: { key: ['id'], columns: { id: 'bigint' } } } };
const TIME = within(300_000);

async function lakeWith(...names: string[]) {
  const lake = awsTestLake(CONFIG);
  for (const [i, name] of names.entries()) await lake.landing.put(name, Buffer.from(`id,name\n${i},x\n`));
  return { lake, handler: ingestFiles(lake) };
}

const entries = async ({ ports }: Pick<AwsLake, 'ports'>) =>
  (await listWaiting(ports.items)).map(({ table, next }) => [table, next]);

test('s3Event.keys: form-decoded, created in this bucket, no folders', () => {
  const keys = (key: string, ...rest: [string?, string?]) =>
    createdKeys(objectEvent(key, ...rest), 'landing');
  expect(keys('shop/orders/a+b%2Bc%20%C3%BC.csv')).toEqual(['shop/orders/a b+c ü.csv']);
  expect(keys('a.csv', 'ObjectCreated:CompleteMultipartUpload')).toEqual(['a.csv']);
  expect(keys('a.csv', 'ObjectRemoved:Delete')).toEqual([]);
  expect(keys('a.csv', 'ObjectCreated:Put', 'another')).toEqual([]);
  expect(keys('shop/')).toEqual([]);
  expect(createdKeys({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'landing' }, 'landing')).toEqual(
    [],
  );
});

test('ingestFiles.message: taken in once, noted, its table woken', async () => {
  const { lake, handler } = await lakeWith('orders.csv');
  const event = sqsEvent(objectEvent('orders.csv'));
  expect(await handler(event, TIME)).toEqual({ batchItemFailures: [] });
  expect(await handler(event, TIME)).toEqual({ batchItemFailures: [] });
  expect(await entries(lake)).toEqual([['orders', 2]]);
  expect(lake.sent.map(({ queue, body }) => [queue, body])).toEqual([['merge', '{"table":"orders"}']]);
  expect(await readLanded(lake.ports.items, 'orders.csv')).toMatchObject({ outcome: 'taken-in' });
});

test('ingestFiles.replaced: the object as it stands counts, and other bytes under its name are another', async () => {
  const { lake, handler } = await lakeWith('orders.csv');
  await handler(sqsEvent(objectEvent('orders.csv')), TIME);
  await lake.landing.put('orders.csv', Buffer.from('id,name\n7,y\n'));
  await handler(sqsEvent(objectEvent('orders.csv'), objectEvent('orders.csv')), TIME);
  expect(await entries(lake)).toEqual([['orders', 3]]);
});

test('ingestFiles.torn: an object replaced between two reads is no object at all', async () => {
  const { lake } = await lakeWith();
  await lake.landing.put('orders.parquet', Buffer.from('PAR1 one bytes PAR1'));
  const range: typeof lake.landing.range = async (key, start, end) => {
    await lake.landing.put(key, Buffer.from('PAR1 two bytes PAR1'));
    return lake.landing.range(key, start, end);
  };
  const handler = ingestFiles({ ...lake, landing: { ...lake.landing, range } });
  const event = sqsEvent(objectEvent('orders.parquet'));
  const answer = await handler(event, TIME).catch(error => error);
  expect(answer).not.toEqual({ batchItemFailures: [] });
  expect(await listQuarantined(lake.ports.items)).toEqual([]);
});

test('ingestFiles.gone: deleted meanwhile', async () => {
  const { lake, handler } = await lakeWith();
  expect(await handler(sqsEvent(objectEvent('orders.csv')), TIME)).toEqual({ batchItemFailures: [] });
  expect(await entries(lake)).toEqual([]);
});

test('ingestFiles.quarantine: a bad file waits and is dealt with; uploaded again it is tried again', async () => {
  const { lake, handler } = await lakeWith();
  await lake.landing.put('nobodys.csv', Buffer.from('id\n1\n'));
  const event = sqsEvent(objectEvent('nobodys.csv'));
  expect(await handler(event, TIME)).toEqual({ batchItemFailures: [] });
  expect(await listQuarantined(lake.ports.items)).toMatchObject([{ code: 'TM_2302', object: 'nobodys.csv' }]);
  expect(await readLanded(lake.ports.items, 'nobodys.csv')).toMatchObject({ outcome: 'quarantined' });
  const { tables } = awsTestLake({ ...CONFIG, tables: { nobodys: { key: ['id'] } } }).config;
  await ingestFiles({ ...lake, config: { ...lake.config, tables } })(event, TIME);
  expect(await readLanded(lake.ports.items, 'nobodys.csv')).toMatchObject({ outcome: 'taken-in' });
});

test('ingestFiles.poison: a message that fails comes again alone', async () => {
  const { lake, handler } = await lakeWith('orders.csv');
  const answer = await handler(
    sqsEvent('no json', objectEvent('%E0%A4%A'), objectEvent('a//b.csv'), objectEvent('orders.csv')),
    TIME,
  );
  expect(answer).toEqual({
    batchItemFailures: ['m0', 'm1', 'm2'].map(itemIdentifier => ({ itemIdentifier })),
  });
  expect(await entries(lake)).toEqual([['orders', 2]]);
});

test('ingestFiles.time: what there is no time for is handed back', async () => {
  const { lake, handler } = await lakeWith('1/orders.csv', '2/orders.csv');
  const event = sqsEvent(objectEvent('1/orders.csv'), objectEvent('2/orders.csv'));
  expect(await handler(event, within(20_000))).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
  expect(await entries(lake)).toEqual([['orders', 2]]);
});

test('ingestFiles.crash: died after the transaction, it is woken by the next delivery', async () => {
  const { lake } = await lakeWith('orders.csv');
  const dying = { ...lake.wakeUps, merge: () => Promise.reject(new Error('died')) };
  const event = sqsEvent(objectEvent('orders.csv'));
  await expect(ingestFiles({ ...lake, wakeUps: dying })(event, TIME)).rejects.toThrow('All records failed');
  expect(await readLanded(lake.ports.items, 'orders.csv')).toBeUndefined();
  await ingestFiles(lake)(event, TIME);
  expect(await entries(lake)).toEqual([['orders', 2]]);
  expect(lake.sent.map(({ queue }) => queue)).toEqual(['merge']);
});

test('ingestFiles.freshness: a table that may wait long is left to the sweep', async () => {
  const lake = awsTestLake({ ...CONFIG, tables: { orders: { key: ['id'], freshness: '1 hour' } } });
  await lake.landing.put('orders.csv', Buffer.from('id\n1\n'));
  await ingestFiles(lake)(sqsEvent(objectEvent('orders.csv')), TIME);
  expect(await entries(lake)).toEqual([['orders', 2]]);
  expect(lake.sent).toEqual([]);
});

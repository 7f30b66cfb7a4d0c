import './quiet';

import { ingestFiles } from '../../lambdas/ingest-files/handler';
import { createdKeys } from '../../lambdas/ingest-files/s3-event';
import { entriesAfter } from '../../lib/ledger/entries';
import { readLanded } from '../../lib/ledger/landed';
import { listQuarantined } from '../../lib/ledger/quarantine';
import { listWaiting } from '../../lib/ledger/waiting';
import type { AwsLake } from '../../lib/runtime/aws';
import { awsTestLake, objectEvent, sqsEvent, type TestAwsLake, within } from './aws-lake';

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

/** What the ledger is asked for: gets, queries and transactions, and how many of those move the counter. */
function asked(lake: TestAwsLake) {
  const tally = { reads: 0, transactions: 0, counterMoves: 0 };
  const { items } = lake.ports;
  const told: typeof items = {
    get: key => {
      tally.reads++;
      return items.get(key);
    },
    query: (...args) => {
      tally.reads++;
      return items.query(...args);
    },
    transact: actions => {
      tally.transactions++;
      if (actions.some(a => 'put' in a && a.put.sort === 'counter')) tally.counterMoves++;
      return items.transact(actions);
    },
  };
  return { tally, lake: { ...lake, ports: { ...lake.ports, items: told } } };
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `${i}/orders.csv`);
const batchOf = (keys: readonly string[]) => sqsEvent(...keys.map(key => objectEvent(key)));

const sourcesOf = async ({ ports }: Pick<AwsLake, 'ports'>) => {
  const sources: string[] = [];
  for await (const entry of entriesAfter(ports.items, 'orders', 0))
    sources.push(`${entry.n} ${entry.source}`);
  return sources;
};

test('ingestFiles.batch: files of one batch move the counter once and wake their merge once', async () => {
  const { lake } = await lakeWith(...names(10));
  const { tally, lake: told } = asked(lake);
  expect(await ingestFiles(told)(batchOf(names(10)), TIME)).toEqual({ batchItemFailures: [] });
  expect(await entries(lake)).toEqual([['orders', 11]]);
  expect(tally.counterMoves).toBe(1);
  expect(lake.sent.map(({ queue }) => queue)).toEqual(['merge']);
});

test('ingestFiles.batch: it ends as if each had come alone', async () => {
  const keys = [
    ...names(4),
    'nobodys.csv',
    '0/orders.csv',
    's/orders/LOAD00000001.csv',
    'x/s/orders/LOAD00000001.csv',
  ];
  const put = async (lake: TestAwsLake) => {
    await lake.landing.put('nobodys.csv', Buffer.from('id\n1\n'));
    // A copy of another, a bad one, and a LOAD object that reloads the one before.
    await lake.landing.put('2/orders.csv', Buffer.from('id,name\n0,x\n'));
    await lake.landing.put('3/orders.csv', Buffer.from('id,name\nno number,x\n'));
    await lake.landing.put('s/orders/LOAD00000001.csv', Buffer.from('8\n'));
    await lake.landing.put('x/s/orders/LOAD00000001.csv', Buffer.from('9\n'));
  };
  const stands = async (lake: TestAwsLake) => ({
    entries: await sourcesOf(lake),
    aside: (await listQuarantined(lake.ports.items)).map(({ id, code }) => `${code} ${id}`).sort(),
    landed: await Promise.all(keys.map(async key => (await readLanded(lake.ports.items, key))?.outcome)),
  });
  const { lake: together } = await lakeWith(...names(2));
  await put(together);
  expect(await ingestFiles(together)(batchOf(keys), TIME)).toEqual({ batchItemFailures: [] });
  const { lake: alone } = await lakeWith(...names(2));
  await put(alone);
  for (const key of keys) await ingestFiles(alone)(batchOf([key]), TIME);
  expect(await stands(together)).toEqual(await stands(alone));
  expect((await stands(together)).entries).toHaveLength(3);
});

test('ingestFiles.batch: a file that fails for reasons of the lake comes again alone', async () => {
  const { lake } = await lakeWith(...names(5));
  const stream: typeof lake.landing.stream = (key, etag) => {
    if (key === '2/orders.csv') throw new Error('the store is down');
    return lake.landing.stream(key, etag);
  };
  const handler = ingestFiles({ ...lake, landing: { ...lake.landing, stream } });
  expect(await handler(batchOf(names(5)), TIME)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm2' }] });
  expect(await entries(lake)).toEqual([['orders', 5]]);
  expect(await ingestFiles(lake)(batchOf(names(5)), TIME)).toEqual({ batchItemFailures: [] });
  expect(await entries(lake)).toEqual([['orders', 6]]);
});

test('ingestFiles.batch: a file that kills its process takes the others of its batch with it twice at most', async () => {
  const { lake } = await lakeWith(...names(5));
  /** Runs the handler until it reads the rows of the file that kills it, or ends. */
  const deliver = () =>
    new Promise<void>(resolve => {
      let reads = 0;
      const stream: typeof lake.landing.stream = (key, etag) => {
        // First its checksum is read, which it survives.
        if (key !== '2/orders.csv' || ++reads === 1) return lake.landing.stream(key, etag);
        resolve();
        return dead();
      };
      void ingestFiles({ ...lake, landing: { ...lake.landing, stream } })(batchOf(names(5)), TIME).then(() =>
        resolve(),
      );
    });
  for (let receive = 1; receive <= 3; receive++) await deliver();
  expect(await entries(lake)).toEqual([['orders', 5]]);
});

/** What a process that was killed goes on with. */
async function* dead(): AsyncGenerator<Uint8Array> {
  yield await new Promise<never>(() => {});
}

test('ingestFiles.large: one large file a run; others are announced anew, once', async () => {
  const { lake } = await lakeWith(...names(3));
  const head: typeof lake.landing.head = async key => ({
    ...(await lake.landing.head(key))!,
    size: 40 << 20,
  });
  const handler = ingestFiles({ ...lake, landing: { ...lake.landing, head } });
  const event = batchOf(names(3));
  for (const [i, record] of event.Records.entries())
    Object.assign(record, { attributes: { ApproximateReceiveCount: i === 2 ? '2' : '1' } });
  expect(await handler(event, TIME)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm2' }] });
  expect(await entries(lake)).toEqual([['orders', 2]]);
  const anew = lake.sent.filter(({ queue }) => queue === 'ingest').map(({ body }) => JSON.parse(body));
  expect(anew.flatMap(body => createdKeys(body, 'landing'))).toEqual(['1/orders.csv']);
});

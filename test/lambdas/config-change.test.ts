import './quiet';
import { compact } from '../../lambdas/compact/handler';
import { ingestFiles } from '../../lambdas/ingest-files/handler';
import { ingestStream } from '../../lambdas/ingest-stream/handler';
import { merge } from '../../lambdas/merge/handler';
import { report } from '../../lambdas/report/handler';
import { sweep } from '../../lambdas/sweep/handler';
import { listQuarantined } from '../../lib/ledger/quarantine';
import { readSteppedAttempt } from '../../lib/ledger/stepped-attempts';
import { replay } from '../../lib/stages/replay';
import { mergeAll, readRows } from '../support/lake';
import { awsTestLake, objectEvent, sqsEvent, type TestAwsLake, within } from './aws-lake';

const TIME = within(280_000);
const FIRST = '2026-01-01';

const config = (key: string[]) => ({
  name: 'shop',
  sources: { events: { kind: 'kinesis' as const, format: 'dms' as const } },
  tables: {
    orders: { key, columns: { id: 'bigint', k: 'bigint' } },
    other: { key: ['id'], columns: { id: 'bigint' } },
  },
  reports: {
    of_orders: { table: 'orders', schedule: 'daily' as const },
    of_other: { table: 'other', schedule: 'daily' as const },
  },
});

/** A lake of two tables with rows, and the same one after a bare deploy with another key for `orders`. */
async function lakeAndChanged(): Promise<{ lake: TestAwsLake; changed: TestAwsLake }> {
  const answer = () => ({ columns: [{ name: 'id', type: 'BIGINT' }], rows: [[7n]] });
  const lake = awsTestLake(config(['id']), { answer });
  await put(lake, 'orders.csv', 'id,k\n7,1\n8,1\n');
  await put(lake, 'other.csv', 'id\n1\n');
  for (const table of ['orders', 'other']) await merge(lake)(sqsEvent({ table }), TIME);
  await lake.jobs.finish();
  await sweep(lake)({ listing: 'full' }, TIME);
  return { lake, changed: { ...lake, config: awsTestLake(config(['k'])).config } };
}

async function put(lake: TestAwsLake, key: string, text: string) {
  await lake.landing.put(key, Buffer.from(text));
  return ingestFiles(lake)(sqsEvent(objectEvent(key)), TIME);
}

const rowsOf = async ({ ports }: TestAwsLake, table: string) =>
  (await readRows(ports, table)).map(({ id, k }) => (k === undefined ? `${id}` : `${id} ${k}`)).sort();

const mergeTable = ({ ports, config: lake, landing }: TestAwsLake, table: string) =>
  mergeAll({ ports, lake, landing }, table);

test('keyChange.files: they wait in quarantine, other tables go on, and the change taken back lets them in', async () => {
  const { lake, changed } = await lakeAndChanged();
  expect(await put(changed, 'orders-2026-01-02.csv', 'k\n5\n')).toEqual({ batchItemFailures: [] });
  expect(await put(changed, 'other-2026-01-02.csv', 'id\n2\n')).toEqual({ batchItemFailures: [] });
  await mergeTable(changed, 'other');
  expect(await rowsOf(lake, 'other')).toEqual(['1', '2']);
  const [aside] = await listQuarantined(lake.ports.items);
  expect(aside).toMatchObject({ table: 'orders', code: 'TM_3010' });

  await put(lake, 'orders-2026-01-03.csv', 'id,k\n9,2\n');
  await mergeTable(lake, 'orders');
  expect(await rowsOf(lake, 'orders')).toEqual(['7 1', '8 1', '9 2']);
  // Without the column of the table's key the file is a faulty one of its own.
  await replay(lake.ports, lake.config, aside!.id);
  expect((await listQuarantined(lake.ports.items)).map(q => q.code)).not.toContain('TM_3010');
});

test('keyChange.stream: records of the table wait, the shard and other tables go on', async () => {
  const { lake, changed } = await lakeAndChanged();
  const streamOf = async () => ({
    source: 'events',
    stream: { name: 's', createdAt: 1, shards: async () => [] },
  });
  const data = (table: string, id: number) =>
    Buffer.from(
      JSON.stringify({
        data: { id, k: 3 },
        metadata: {
          timestamp: '2026-01-01T00:00:00.000000Z',
          'record-type': 'data',
          operation: 'insert',
          'partition-key-type': 'primary-key',
          'schema-name': 'shop',
          'table-name': table,
        },
      }),
    ).toString('base64');
  const records = ['orders', 'other'].map((table, i) => ({
    eventID: `shardId-000000000000:${1000 + i}`,
    eventSourceARN: 'arn:aws:kinesis:eu-west-1:123456789012:stream/s',
    kinesis: {
      sequenceNumber: `${1000 + i}`,
      partitionKey: 'k',
      data: data(table, 20 + i),
      approximateArrivalTimestamp: 1_767_225_600,
    },
  }));
  const handler = ingestStream({ ...changed, streamOf });
  expect(await handler({ Records: records } as never)).toEqual({ batchItemFailures: [] });
  await mergeTable(lake, 'orders');
  await mergeTable(changed, 'other');
  expect(await rowsOf(lake, 'orders')).toEqual(['7 1', '8 1']);
  expect(await rowsOf(lake, 'other')).toContain('21 3');
  expect(JSON.stringify(await listQuarantined(lake.ports.items))).toContain('TM_3010');
});

test('keyChange.stages: no merge, view, report or compaction is made by the new key; those of other tables are', async () => {
  const { lake, changed } = await lakeAndChanged();
  lake.clock.advance(25 * 3_600_000);
  const pointers = async () => [
    (await lake.ports.catalog.load('orders'))?.pointer,
    (await lake.ports.catalog.load('orders_deltas'))?.pointer,
  ];
  const before = await pointers();
  const started = lake.jobs.started.length;
  await expect(merge(changed)(sqsEvent({ table: 'orders' }), TIME)).rejects.toThrow();
  await sweep(changed)({ listing: 'full' }, TIME);
  await compact(changed)({}, TIME).catch(() => undefined);
  for (const name of ['of_orders', 'of_other']) {
    for (let step = 0; step < 3; step++) {
      await report(changed)(sqsEvent({ report: name, date: FIRST }), TIME);
      await lake.jobs.finish();
    }
  }
  expect(await pointers()).toEqual(before);
  expect(lake.jobs.started.slice(started).filter(({ sql }) => sql.includes('orders'))).toEqual([]);
  const state = async (name: string) => (await readSteppedAttempt(lake.ports.items, name, FIRST))?.attempt;
  expect(await state('of_orders')).toMatchObject({ state: 'failed', error: expect.stringContaining('key') });
  expect(await state('of_other')).toMatchObject({ state: 'succeeded' });
});

test('keyChange.unused: a key that was wrong before anything was taken in is mended in the config', async () => {
  const wrong = awsTestLake(config(['k']));
  await put(wrong, 'orders.csv', 'id,k\nx,1\n');
  expect(await listQuarantined(wrong.ports.items)).toHaveLength(1);
  const lake = { ...wrong, config: awsTestLake(config(['id'])).config };
  await put(lake, 'orders.csv', 'id,k\n7,1\n');
  await mergeTable(lake, 'orders');
  expect(await rowsOf(lake, 'orders')).toEqual(['7 1']);
});

test('typeChange.unused: so is a type, and no row of the refused file counts', async () => {
  const typed = (at: string) => ({
    name: 'shop',
    tables: { events: { key: ['id'], columns: { id: 'bigint', at } } },
  });
  const wrong = awsTestLake(typed('date'));
  await put(wrong, 'events.csv', 'id,at,note\n1,01.03.2024,x\n');
  expect((await listQuarantined(wrong.ports.items)).map(q => q.code)).toEqual(['TM_2103']);
  const lake = { ...wrong, config: awsTestLake(typed('string')).config };
  await replay(lake.ports, lake.config, 'events.csv');
  await mergeTable(lake, 'events');
  expect((await readRows(lake.ports, 'events')).map(({ id, at }) => `${id} ${at}`)).toEqual(['1 01.03.2024']);
  await put(lake, 'events-2026-02-02.csv', 'id,at\n2,02.03.2024\n');
  const back = { ...wrong, config: awsTestLake(typed('date')).config };
  await put(back, 'events-2026-02-03.csv', 'id,at\n3,2024-03-01\n');
  expect((await listQuarantined(lake.ports.items)).map(q => q.code)).toEqual(['TM_3008']);
});

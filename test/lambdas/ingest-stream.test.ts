import './quiet';

import type { KinesisStreamEvent, KinesisStreamRecord } from 'aws-lambda';
import { ingestStream } from '../../lambdas/ingest-stream/handler';
import { listQuarantined } from '../../lib/ledger/quarantine';
import { mergeAll, readRows } from '../support/lake';
import { awsTestLake, type TestAwsLake } from './aws-lake';

const ARN = 'arn:aws:kinesis:eu-west-1:123456789012:stream/shop-events';
const CONFIG = {
  name: 'shop',
  tables: { orders: { key: ['id'], columns: { id: 'bigint', v: 'int' }, from: 'events' } },
  sources: { events: { kind: 'kinesis' as const, format: 'json' as const } },
};

/** As Lambda hands a record over: 56 digits, base64, seconds with a fraction. */
function record(n: number, data: unknown, shard = 'shardId-000000000000'): KinesisStreamRecord {
  const sequenceNumber = `49590338271490256608559692538361571095921575989136588${String(n).padStart(3, '0')}`;
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return {
    eventID: `${shard}:${sequenceNumber}`,
    eventSourceARN: ARN,
    kinesis: {
      sequenceNumber,
      partitionKey: 'k',
      data: Buffer.from(text).toString('base64'),
      approximateArrivalTimestamp: 1_545_084_650.987 + n,
    },
  } as KinesisStreamRecord;
}

const event = (...Records: KinesisStreamRecord[]): KinesisStreamEvent => ({ Records });

function handlerOf(lake: TestAwsLake) {
  const stream = { name: 'shop-events', createdAt: 1, shards: async () => [] };
  return ingestStream({ ...lake, streamOf: async () => ({ source: 'events', stream }) });
}

async function rowsOf(lake: TestAwsLake): Promise<string[]> {
  await mergeAll({ ports: lake.ports, lake: lake.config, landing: lake.landing }, 'orders');
  return (await readRows(lake.ports, 'orders')).map(({ id, v }) => `${id} ${v}`).sort();
}

test('ingestStream.batch: taken in once whatever comes again, its table woken', async () => {
  const lake = awsTestLake(CONFIG);
  const handler = handlerOf(lake);
  const first = event(record(1, { id: 1, v: 1 }), record(2, { id: 2, v: 2 }));
  expect(await handler(first)).toEqual({ batchItemFailures: [] });
  await handler(first);
  await handler(event(record(2, { id: 2, v: 2 }), record(3, { id: 1, v: 3 })));
  expect(lake.sent.map(({ queue, body }) => [queue, body])).toEqual([['merge', '{"table":"orders"}']]);
  expect(await rowsOf(lake)).toEqual(['1 3', '2 2']);
});

test('ingestStream.poison: a record that is none is put aside, and the others go on', async () => {
  const lake = awsTestLake(CONFIG);
  const answer = await handlerOf(lake)(event(record(1, 'no json'), record(2, { id: 2, v: 2 })));
  expect(answer).toEqual({ batchItemFailures: [] });
  expect(await rowsOf(lake)).toEqual(['2 2']);
  expect(await listQuarantined(lake.ports.items)).toHaveLength(1);
});

test('ingestStream.fails: Lambda is told from which record on to come again', async () => {
  const lake = awsTestLake(CONFIG);
  const catalog = { ...lake.ports.catalog, load: () => Promise.reject(new Error('Glue is away')) };
  const batch = event(record(1, { id: 1, v: 1 }), record(2, { id: 2, v: 2 }));
  const answer = await handlerOf({ ...lake, ports: { ...lake.ports, catalog } })(batch);
  expect(answer).toEqual({
    batchItemFailures: [{ itemIdentifier: batch.Records[0]!.kinesis.sequenceNumber }],
  });
  await handlerOf(lake)(batch);
  expect(await rowsOf(lake)).toEqual(['1 1', '2 2']);
});

import { listQuarantined } from '../../../lib/ledger/quarantine';
import type { StreamRecord } from '../../../lib/ports/change-stream';
import { putFailureAside } from '../../../lib/stages/ingest-stream/failure-object';
import { lambdaRecords } from '../../../lib/stages/ingest-stream/lambda-records';
import { replay } from '../../../lib/stages/replay';
import { deliver, logOf, requestOf, rowsOf, type StreamLake, send, streamLake } from './streams';

const insert = (id: number, a = id, table = 'one') =>
  ({ op: 'insert', data: { id, a, b: 'x' }, table }) as const;

/** A function's event, as AWS documents it. */
const eventOf = (records: readonly StreamRecord[]) => ({
  Records: records.map(r => ({
    kinesis: {
      kinesisSchemaVersion: '1.0',
      partitionKey: r.key,
      sequenceNumber: r.sequence,
      data: Buffer.from(r.data).toString('base64'),
      approximateArrivalTimestamp: r.arrivedAt / 1000,
    },
    eventSource: 'aws:kinesis',
    eventVersion: '1.0',
    eventID: `${r.shard}:${r.sequence}`,
    eventName: 'aws:kinesis:record',
    invokeIdentityArn: 'arn:aws:iam::123456789012:role/lambda-role',
    awsRegion: 'us-east-2',
    eventSourceARN: 'arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream',
  })),
});

/** What a failure destination in S3 holds. */
const failureOf = (records: readonly StreamRecord[]) => ({
  requestContext: {
    requestId: 'c9b8fa9f-5a7f-4d3e-af9c-0c604cde93a5',
    functionArn: 'arn:aws:lambda:us-east-2:123456789012:function:myfunction',
    condition: 'RetryAttemptsExhausted',
    approximateInvokeCount: 1,
  },
  responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
  version: '1.0',
  timestamp: '2019-11-14T00:38:06.021Z',
  KinesisBatchInfo: { shardId: records[0]?.shard, batchSize: records.length },
  payload: JSON.stringify(eventOf(records)),
});

async function putFailure(lake: StreamLake, key: string, content: object): Promise<string> {
  await lake.landing.put(key, Buffer.from(JSON.stringify(content)));
  const { source, stream } = requestOf(lake, []);
  return putFailureAside(lake.ports, { source, stream, landing: lake.landing, key });
}

test('event.records are those that the stream holds', async () => {
  const lake = streamLake();
  const records = await send(lake, insert(1), insert(2));
  const read = lambdaRecords(JSON.parse(JSON.stringify(eventOf(records))))!;
  expect(read.map(r => ({ ...r, data: [...r.data] }))).toEqual(
    records.map(r => ({ ...r, data: [...r.data] })),
  );
});

test('event.other: what is no event of a Kinesis stream', () => {
  const [good] = eventOf([
    { shard: 'shardId-000000000000', sequence: '1', key: 'k', data: Buffer.from('x'), arrivedAt: 1 },
  ]).Records;
  for (const event of [
    undefined,
    null,
    {},
    { Records: [] },
    { Records: [{ s3: {} }] },
    { Records: [{ ...good, eventID: 'x' }] },
    { Records: [{ ...good, kinesis: { ...good!.kinesis, sequenceNumber: '1e5' } }] },
    { Records: [{ ...good, kinesis: { ...good!.kinesis, approximateArrivalTimestamp: undefined } }] },
    // Of two shards: their numbers order each alone.
    { Records: [good, { ...good, eventID: 'shardId-000000000001:1' }] },
  ])
    expect(lambdaRecords(event)).toBeUndefined();
  expect(lambdaRecords({ Records: [good] })).toHaveLength(1);
});

test('failure.replay takes in what the cursor has passed, below what it counted', async () => {
  const lake = streamLake();
  const records = await send(
    lake,
    insert(1, 1),
    insert(1, 2),
    insert(2, 2),
    insert(1, 3, 'two'),
    insert(1, 4),
  );
  await deliver(lake, records.slice(4));
  const id = await putFailure(lake, 'failed', failureOf(records.slice(0, 4)));
  expect(await listQuarantined(lake.ports.items)).toMatchObject([{ id, code: 'TM_2324', badRows: 4 }]);
  // Table by table: whoever replays wakes the merge of each.
  expect(await replay(lake.ports, lake.lake, id)).toMatchObject([
    { table: 'one', outcome: 'taken-in', rows: 3 },
    { table: 'two', outcome: 'taken-in', rows: 1 },
  ]);
  expect(await rowsOf(lake)).toEqual(['1 4 x', '2 2 x']);
  expect(await rowsOf(lake, 'two')).toEqual(['1 3 x']);
  expect(await listQuarantined(lake.ports.items)).toEqual([]);
});

test('failure.partly: what a batch has taken in before it failed is not taken in again', async () => {
  const lake = streamLake();
  const bad = { op: 'insert', data: { id: 3, a: 'x' } } as const;
  const records = await send(
    lake,
    insert(1),
    bad,
    insert(2, 2, 'two'),
    insert(4),
    'no json',
    insert(5, 5, 'later'),
  );
  // All of the first table's and none of the second's: the function was killed between the two.
  await deliver(
    lake,
    records.filter((_, i) => [0, 1, 3].includes(i)),
  );
  const id = await putFailure(lake, 'failed', failureOf(records));
  await replay(lake.ports, lake.lake, id);
  expect((await logOf(lake)).map(r => Number(r.id))).toEqual([1, 4]);
  expect((await logOf(lake, 'two')).map(r => Number(r.id))).toEqual([2]);
  const waiting = await listQuarantined(lake.ports.items);
  expect(waiting.map(w => [w.table, w.badRows]).sort()).toEqual([
    ['', 2],
    ['one', 1],
  ]);
});

test('failure.again: the same object, and one that overlaps, double nothing', async () => {
  const lake = streamLake();
  const bad = { op: 'insert', data: { id: 3, a: 'x' } } as const;
  const records = await send(lake, insert(1), bad, insert(2), insert(4));
  const first = await putFailure(lake, 'failed', failureOf(records.slice(0, 3)));
  expect(await putFailure(lake, 'again', failureOf(records.slice(0, 3)))).toBe(first);
  await replay(lake.ports, lake.lake, first);
  // The bad record was judged, and waits on, also through another replay.
  expect(await listQuarantined(lake.ports.items)).toMatchObject([{ id: first, code: 'TM_2103', badRows: 1 }]);
  await replay(lake.ports, lake.lake, first);
  expect(await listQuarantined(lake.ports.items)).toMatchObject([{ id: first, badRows: 1 }]);
  const second = await putFailure(lake, 'overlaps', failureOf(records.slice(2)));
  await replay(lake.ports, lake.lake, second);
  expect((await logOf(lake)).map(r => Number(r.id))).toEqual([1, 2, 4]);
  expect(await listQuarantined(lake.ports.items)).toHaveLength(1);
});

test('failure.waiting: two objects that overlap and both wait lose nothing between them', async () => {
  const lake = streamLake();
  const records = await send(lake, insert(1), insert(2), insert(3));
  const ids = [
    await putFailure(lake, 'one', failureOf(records.slice(0, 2))),
    await putFailure(lake, 'two', failureOf(records.slice(1))),
  ];
  for (const id of ids) await replay(lake.ports, lake.lake, id);
  expect((await logOf(lake)).map(r => Number(r.id))).toEqual([1, 2, 3]);
});

test('failure.order: records of one millisecond keep their order over two objects', async () => {
  const lake = streamLake();
  for (const a of [1, 2, 3]) await send(lake, insert(1, a)).then(() => lake.clock.advance(-1));
  const records = await send(lake);
  await replay(lake.ports, lake.lake, await putFailure(lake, 'one', failureOf(records.slice(0, 2))));
  await replay(lake.ports, lake.lake, await putFailure(lake, 'two', failureOf(records.slice(2))));
  expect(await rowsOf(lake)).toEqual(['1 3 x']);
});

test('failure.later: what others were raised to behind it does not raise what was given up', async () => {
  const lake = streamLake();
  const records = await send(lake, insert(1, 1), insert(1, 2), 'no json');
  await deliver(lake, records.slice(1));
  await replay(lake.ports, lake.lake, await putFailure(lake, 'failed', failureOf(records.slice(0, 1))));
  expect(await rowsOf(lake)).toEqual(['1 2 x']);
});

test('failure.strays: what a batch has put aside as nobody’s waits there alone', async () => {
  const lake = streamLake();
  const records = await send(lake, insert(1), 'no json', insert(2, 2, 'later'), 'no json');
  await deliver(lake, records.slice(0, 3));
  const id = await putFailure(lake, 'failed', failureOf(records));
  await replay(lake.ports, lake.lake, id);
  const waiting = await listQuarantined(lake.ports.items);
  expect(waiting.map(w => [w.id === id, w.badRows]).sort()).toEqual([
    [false, 2],
    [true, 1],
  ]);
});

test('failure.payload may be JSON itself', async () => {
  const lake = streamLake();
  const records = await send(lake, insert(1));
  const id = await putFailure(lake, 'failed', { ...failureOf(records), payload: eventOf(records) });
  expect(await replay(lake.ports, lake.lake, id)).toMatchObject([{ outcome: 'taken-in', rows: 1 }]);
});

test('failure.other objects are refused, and nothing is put aside', async () => {
  const lake = streamLake();
  const { payload: _, ...message } = failureOf(await send(lake, insert(1)));
  for (const content of [{}, [], message, { ...message, payload: 'text' }, { ...message, payload: '{}' }])
    await expect(putFailure(lake, 'other', content)).rejects.toMatchObject({ code: 'TM_2325' });
  const { source, stream } = requestOf(lake, []);
  const missing = putFailureAside(lake.ports, { source, stream, landing: lake.landing, key: 'missing' });
  await expect(missing).rejects.toMatchObject({ code: 'TM_2301' });
  expect(await listQuarantined(lake.ports.items)).toEqual([]);
});

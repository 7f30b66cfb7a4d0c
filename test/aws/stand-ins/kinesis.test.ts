import {
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
  MergeShardsCommand,
  PutRecordsCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { MOTO, standIn } from '../endpoints';
import { as, failCalls, healCalls } from './controls';

const principal = 'stand-ins-kinesis';
const client = new KinesisClient({
  ...standIn(MOTO),
  credentials: as(principal),
  requestHandler: new NodeHttpHandler(),
  maxAttempts: 1,
});
const StreamName = `stand-ins-kinesis-${process.pid}`;

const put = (keys: readonly string[]) =>
  client.send(
    new PutRecordsCommand({
      StreamName,
      Records: keys.map(key => ({ PartitionKey: key, Data: Buffer.from(key) })),
    }),
  );

async function read(ShardId: string, after?: string) {
  const { ShardIterator } = await client.send(
    new GetShardIteratorCommand({
      StreamName,
      ShardId,
      ShardIteratorType: after === undefined ? 'TRIM_HORIZON' : 'AFTER_SEQUENCE_NUMBER',
      StartingSequenceNumber: after,
    }),
  );
  return client.send(new GetRecordsCommand({ ShardIterator }));
}

const shards = async () => (await client.send(new ListShardsCommand({ StreamName }))).Shards!;

const keysOf = (answer: { Records?: { PartitionKey?: string }[] }) =>
  answer.Records!.map(record => record.PartitionKey);

beforeAll(async () => {
  await client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
});
afterAll(() => client.destroy());

test('kinesis.sequence has 56 digits and grows within a shard', async () => {
  const keys = Array.from({ length: 200 }, (_, index) => `k${index}`);
  await put(keys);
  const answer = await read('shardId-000000000000');
  const sequences = answer.Records!.map(record => record.SequenceNumber!);
  expect(keysOf(answer)).toEqual(keys);
  expect(sequences.every(sequence => /^\d{56}$/.test(sequence))).toBe(true);
  expect([...sequences].sort()).toEqual(sequences);
  const gaps = new Set(
    sequences.slice(1).map((sequence, index) => BigInt(sequence) - BigInt(sequences[index]!)),
  );
  expect(gaps.size).toBeGreaterThan(150);
  expect((await shards())[0]!.SequenceNumberRange!.StartingSequenceNumber).toMatch(/^\d{56}$/);
});

test('kinesis.sequence resumes after a number', async () => {
  const all = await read('shardId-000000000000');
  const rest = await read('shardId-000000000000', all.Records![149]!.SequenceNumber);
  expect(keysOf(rest)[0]).toBe('k150');
});

test('kinesis.arrival steps back now and then', async () => {
  const times = (await read('shardId-000000000000')).Records!.map(record =>
    record.ApproximateArrivalTimestamp!.getTime(),
  );
  expect(times.some((time, index) => index > 0 && time < times[index - 1]!)).toBe(true);
});

test('kinesis.partial refuses some records and takes the others in order', async () => {
  const id = await failCalls({ principal, operation: 'PutRecords', every: 1, kinds: ['partial'] });
  const answer = await put(['p0', 'p1', 'p2']);
  await healCalls(id);
  expect(answer.FailedRecordCount).toBe(1);
  expect(answer.Records!.map(record => record.ErrorCode)).toEqual([
    undefined,
    'ProvisionedThroughputExceededException',
    undefined,
  ]);
  expect(keysOf(await read('shardId-000000000000')).slice(-2)).toEqual(['p0', 'p2']);
});

test('kinesis.closed shards keep their records, end, and name their children', async () => {
  await client.send(
    new SplitShardCommand({
      StreamName,
      ShardToSplit: 'shardId-000000000000',
      NewStartingHashKey: String(2n ** 127n),
    }),
  );
  const closed = await read('shardId-000000000000');
  expect(closed.Records).toHaveLength(202);
  expect(closed.NextShardIterator).toBeUndefined();
  expect(closed.ChildShards!.map(child => child.ShardId)).toEqual([
    'shardId-000000000001',
    'shardId-000000000002',
  ]);
  const [parent, left] = await shards();
  expect(parent!.SequenceNumberRange!.EndingSequenceNumber).toBe(closed.Records!.at(-1)!.SequenceNumber);
  expect(left!.ParentShardId).toBe('shardId-000000000000');

  await put(['after-1', 'after-2', 'after-3']);
  await client.send(
    new MergeShardsCommand({
      StreamName,
      ShardToMerge: 'shardId-000000000001',
      AdjacentShardToMerge: 'shardId-000000000002',
    }),
  );
  const merged = (await shards()).at(-1)!;
  expect([merged.ParentShardId, merged.AdjacentParentShardId]).toEqual([
    'shardId-000000000001',
    'shardId-000000000002',
  ]);
  expect((await read(merged.ShardId!)).Records).toEqual([]);
  const held = [...keysOf(await read('shardId-000000000001')), ...keysOf(await read('shardId-000000000002'))];
  expect(held.sort()).toEqual(['after-1', 'after-2', 'after-3']);
});

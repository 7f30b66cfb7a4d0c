import {
  CreateStreamCommand,
  DeleteStreamCommand,
  DescribeStreamCommand,
  KinesisClient,
  type PutRecordsCommandInput,
  type PutRecordsCommandOutput,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import fc from 'fast-check';
import { kinesisStream, streamIdentity } from '../../lib/adapters/aws/change-stream';
import { changeStreamContract } from '../contracts/change-stream.contract';
import { MOTO, standIn } from './endpoints';

// The last tries of those that give up would wait for seconds.
jest.mock('../../lib/adapters/aws/backoff', () => {
  const { pause } = jest.requireActual('../../lib/adapters/aws/backoff');
  return { pause: (attempt: number) => pause(Math.min(attempt, 2)) };
});

const newClient = () => new KinesisClient({ ...standIn(MOTO), requestHandler: new NodeHttpHandler() });
const client = newClient();
const made: string[] = [];

async function newStream(shards = 2): Promise<string> {
  const name = `change-stream-${process.pid}-${Date.now()}-${made.length}`;
  await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }));
  made.push(name);
  return name;
}

afterAll(async () => {
  for (const StreamName of made) await client.send(new DeleteStreamCommand({ StreamName }));
  client.destroy();
});

changeStreamContract(
  'kinesisStream',
  async () => {
    const name = await newStream();
    return {
      stream: kinesisStream(client, name),
      async reshard() {
        const { StreamDescription } = await client.send(new DescribeStreamCommand({ StreamName: name }));
        const open = StreamDescription!.Shards!.find(s => !s.SequenceNumberRange?.EndingSequenceNumber)!;
        const { StartingHashKey, EndingHashKey } = open.HashKeyRange!;
        const NewStartingHashKey = String((BigInt(StartingHashKey!) + BigInt(EndingHashKey!)) / 2n);
        await client.send(
          new SplitShardCommand({ StreamName: name, ShardToSplit: open.ShardId, NewStartingHashKey }),
        );
      },
    };
  },
  6,
);

/** A client of a stream that refuses the records `refuses` picks, as Kinesis does: the call itself succeeds. */
function refusingClient(refuses: (key: string) => boolean, calls: string[][] = []): KinesisClient {
  const throttled = newClient();
  throttled.middlewareStack.add(
    next => async args => {
      const { Records, ...where } = args.input as PutRecordsCommandInput;
      if (!Records) return next(args);
      calls.push(Records.map(r => r.PartitionKey!));
      const refused = Records.map(r => refuses(r.PartitionKey!));
      const taken = Records.filter((_, i) => !refused[i]);
      const sent =
        taken.length > 0 ? await next({ ...args, input: { ...where, Records: taken } }) : undefined;
      const answers = (sent?.output as PutRecordsCommandOutput | undefined)?.Records ?? [];
      let at = 0;
      const all = refused.map(no =>
        no
          ? { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'Rate exceeded' }
          : answers[at++]!,
      );
      const output = { Records: all, FailedRecordCount: refused.filter(Boolean).length, $metadata: {} };
      return { output, response: {} };
    },
    { step: 'initialize' },
  );
  return throttled;
}

test('put.refused: what Kinesis refuses is put again, and nothing of its key overtakes it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 20 }),
      fc.infiniteStream(fc.boolean()),
      async (keys, coin) => {
        const name = await newStream(1);
        const throttled = refusingClient(() => coin.next().value === true);
        const records = keys.map((key, i) => ({ key, data: Buffer.from(`${i}`) }));
        await kinesisStream(throttled, name).put(records);
        throttled.destroy();
        const stream = kinesisStream(client, name);
        const [shard] = await stream.shards();
        const read = await stream.read(shard!.id, undefined, 100);
        expect(read.length).toBe(keys.length);
        for (const key of new Set(keys)) {
          const numbers = read.filter(r => r.key === key).map(r => Number(Buffer.from(r.data).toString()));
          expect(numbers).toEqual(keys.flatMap((k, i) => (k === key ? [i] : [])));
        }
      },
    ),
    { numRuns: 10 },
  );
}, 60_000);

test('put.refused: only the refused ones go again', async () => {
  const name = await newStream(1);
  const calls: string[][] = [];
  const throttled = refusingClient(key => key === 'b' && calls.length === 1, calls);
  const data = Buffer.from('x');
  await kinesisStream(throttled, name).put(['a', 'b', 'c', 'b'].map(key => ({ key, data })));
  throttled.destroy();
  expect(calls).toEqual([['a', 'b', 'c'], ['b'], ['b']]);
});

test('put.refused: a stream that takes nothing is given up', async () => {
  const name = await newStream(1);
  const throttled = refusingClient(() => true);
  const put = kinesisStream(throttled, name).put([{ key: 'k', data: Buffer.from('x') }]);
  await expect(put).rejects.toMatchObject({ code: 'TM_5261' });
  throttled.destroy();
}, 90_000);

test('identity.createdAt tells a stream from an older one of its name', async () => {
  const name = await newStream(1);
  const one = await streamIdentity(client, name);
  expect(one.name).toBe(name);
  expect(Math.abs(one.createdAt - Date.now())).toBeLessThan(600_000);
  await client.send(new DeleteStreamCommand({ StreamName: name }));
  await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: 1 }));
  expect((await streamIdentity(client, name)).createdAt).toBeGreaterThan(one.createdAt);
});

test('identity.missing: a stream that is not there', async () => {
  await expect(streamIdentity(client, 'no-such-stream')).rejects.toMatchObject({ code: 'TM_5206' });
});

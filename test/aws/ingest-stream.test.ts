import { CreateStreamCommand, DeleteStreamCommand, KinesisClient } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { kinesisStream, streamIdentity } from '../../lib/adapters/aws/change-stream';
import { listQuarantined } from '../../lib/ledger/quarantine';
import type { StreamRecord } from '../../lib/ports/change-stream';
import { readQuarantinedRecords } from '../../lib/stages/ingest-stream/aside';
import { ingestRecords } from '../../lib/stages/ingest-stream/ingest-records';
import { configOf, streamOf } from '../simulation/stream-world';
import { mergeAll, readRows, type TestLake, testLake } from '../support/lake';
import { MOTO, standIn } from './endpoints';
import { storedLake } from './stored-lake';

const client = new KinesisClient({ ...standIn(MOTO), requestHandler: new NodeHttpHandler() });
const StreamName = `ingest-stream-${process.pid}-${Date.now()}`;

beforeAll(async () => {
  await client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
});
afterAll(async () => {
  await client.send(new DeleteStreamCommand({ StreamName }));
  client.destroy();
});

/** Reads the shard from its start, `size` records at a time, each batch with the last record before it once more. */
async function consume({ ports, lake }: TestLake, size: number): Promise<void> {
  const stream = kinesisStream(client, StreamName);
  const identity = { ...(await streamIdentity(client, StreamName)), shards: () => stream.shards() };
  const [shard] = await stream.shards();
  let last: StreamRecord[] = [];
  for (let after: string | undefined; ; ) {
    const read = await stream.read(shard!.id, after, size);
    if (read.length === 0) return;
    const records = [...last, ...read];
    const taken = await ingestRecords(ports, lake, {
      source: 'source',
      stream: identity,
      shard: shard!.id,
      records,
    });
    expect(taken.failed).toEqual([]);
    last = read.slice(-1);
    after = last[0]!.sequence;
  }
}

/** All that readers see of it, and all that waits. */
async function stateOf(lake: TestLake) {
  const state: unknown[] = [];
  for (const table of ['one', 'two']) {
    await mergeAll(lake, table);
    const rows = await readRows(lake.ports, table);
    state.push(rows.sort((a, b) => Number(a.id) - Number(b.id)));
    const log = await readRows(lake.ports, `${table}_deltas`);
    // What depends on how the stream was cut into deltas, and on the day.
    state.push(log.map(({ _source, _entry, date_received, ...row }) => row).sort(byPosition));
  }
  const waiting = await Promise.all(
    (await listQuarantined(lake.ports.items)).map(w => readQuarantinedRecords(lake.ports, w)),
  );
  state.push(
    waiting
      .flat()
      .map(({ sequence, fault, place }) => ({ sequence, fault, place }))
      .sort(bySequence),
  );
  return state;
}

type LogRow = { readonly _pos_major?: unknown; readonly _pos_minor?: unknown; readonly _op?: unknown };
const textOf = (row: LogRow) => `${row._pos_major} ${row._pos_minor} ${row._op}`;
const byPosition = (a: LogRow, b: LogRow) => (textOf(a) < textOf(b) ? -1 : 1);
const bySequence = (a: { sequence: string }, b: { sequence: string }) => (a.sequence < b.sequence ? -1 : 1);

test('stream.aws: two consumers at once on DynamoDB, S3 and Glue make what one makes in memory', async () => {
  const records = streamOf(11, 60);
  await kinesisStream(client, StreamName).put(records.map(({ record }) => ({ key: 'k', data: record.data })));
  const aws = await storedLake('ingest-stream', configOf(false));
  await Promise.all([consume(aws, 7), consume(aws, 16)]);
  const memory = testLake(configOf(false));
  await consume(memory, 1000);
  expect(await stateOf(aws)).toEqual(await stateOf(memory));
  expect((await readRows(memory.ports, 'one_deltas')).length).toBeGreaterThan(20);
}, 120_000);

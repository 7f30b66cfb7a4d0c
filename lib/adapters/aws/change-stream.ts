import {
  type _Record,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
  type PutRecordsResultEntry,
  type Shard,
} from '@aws-sdk/client-kinesis';
import type { ChangeStream, StreamPut, StreamRecord, WatchedStream } from '../../ports/change-stream';
import { RecordsRefused } from '../../ports/errors';
import { checkPut, parentsFirst, recordBytes } from '../stream-rules';
import { pause } from './backoff';
import { awsDenied, awsFailed, awsMissing } from './errors';
import { isDenied, nameOf } from './failures';
import { putRefused, streamUnknown } from './stream-errors';

/** PutRecords takes 500 records; 10 MiB since 2025, and 5 MiB everywhere. */
const CALL_RECORDS_MAX = 500;
const CALL_BYTES_MAX = 5 << 20;
const READ_RECORDS_MAX = 10_000;
/** Pauses of up to 200 ms: a shard answers five reads a second. */
const READ_ATTEMPT = 2;

/** Calls in a row of which not one record was taken: about half a minute. */
const REFUSALS_MAX = 15;

/**
 * A Kinesis stream, by its name or ARN. A call of `put` gives Kinesis one record of a key at a time and the next one
 * only when it is taken: PutRecords takes some and refuses others, and a later record of the key would overtake. So
 * few keys make slow puts. A call whose answer was lost is made again, by the SDK or by the caller, and its records stand
 * in the stream twice: what positions their source gave them is the same.
 * @param client speaks HTTP/1.1 (`requestHandler: new NodeHttpHandler()`) where a local endpoint answers: the
 * client's own HTTP/2 is understood by no stand-in
 * @param options after how many calls in a row of which it took nothing a put fails
 */
export function kinesisStream(
  client: KinesisClient,
  stream: string,
  { refusalsMax = REFUSALS_MAX }: { readonly refusalsMax?: number } = {},
): ChangeStream & WatchedStream {
  const where = streamInput(stream);
  const iteratorAfter = async (shard: string, after: string | undefined) => {
    const from =
      after === undefined
        ? ({ ShardIteratorType: 'TRIM_HORIZON' } as const)
        : ({ ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: after } as const);
    const input = new GetShardIteratorCommand({ ...where, ShardId: shard, ...from });
    return (await answered('GetShardIterator', stream, client.send(input))).ShardIterator;
  };
  const pageOf = (iterator: string, limit: number) => {
    const input = { ShardIterator: iterator, Limit: Math.min(limit, READ_RECORDS_MAX) };
    return answered('GetRecords', stream, client.send(new GetRecordsCommand(input)));
  };
  return {
    async put(records) {
      records.forEach(checkPut);
      await putInOrder(client, stream, records, refusalsMax);
    },
    async shards() {
      const found = await listShards(client, stream);
      return parentsFirst(
        found.map(({ ShardId, ParentShardId, AdjacentParentShardId }) => ({
          id: ShardId ?? '',
          parents: [ParentShardId, AdjacentParentShardId].filter(id => id !== undefined),
        })),
      );
    },
    async read(shard, after, limit) {
      // An empty answer says nothing while the shard is behind: Kinesis may have looked at a stretch without records.
      for (let iterator = await iteratorAfter(shard, after); iterator; ) {
        const page = await pageOf(iterator, limit);
        const records = (page.Records ?? []).map(record => recordOf(shard, record));
        if (records.length > 0 || !page.MillisBehindLatest) return records;
        iterator = page.NextShardIterator;
        await pause(READ_ATTEMPT);
      }
      return [];
    },
    async look(shard, after, limit) {
      const iterator = await iteratorAfter(shard, after);
      if (!iterator) return { records: [], behindMs: 0 };
      const { Records = [], MillisBehindLatest = 0 } = await pageOf(iterator, limit);
      return { records: Records.map(record => recordOf(shard, record)), behindMs: MillisBehindLatest };
    },
  };
}

/** What a stream is known by in the ledger: another one of the same name has another creation time (PROTOCOL.md, I5). */
export async function streamIdentity(
  client: KinesisClient,
  stream: string,
): Promise<{ name: string; createdAt: number }> {
  const { StreamDescriptionSummary: summary } = await answered(
    'DescribeStreamSummary',
    stream,
    client.send(new DescribeStreamSummaryCommand(streamInput(stream))),
  );
  const { StreamName: name, StreamCreationTimestamp: created } = summary ?? {};
  if (!name || !created) throw streamUnknown(stream);
  return { name, createdAt: created.getTime() };
}

function streamInput(stream: string): { StreamName: string } | { StreamARN: string } {
  return stream.startsWith('arn:') ? { StreamARN: stream } : { StreamName: stream };
}

/** One call, or what its failure is. @throws TM_5201, TM_5203, TM_5206 */
async function answered<T>(call: string, stream: string, sent: Promise<T>): Promise<T> {
  try {
    return await sent;
  } catch (error) {
    if (isDenied(error)) throw awsDenied(call, `stream ${stream}`, error);
    if (nameOf(error) === 'ResourceNotFoundException') throw awsMissing(call, `stream ${stream}`, error);
    throw awsFailed(call, `stream ${stream}`, error);
  }
}

async function listShards(client: KinesisClient, stream: string): Promise<Shard[]> {
  const shards: Shard[] = [];
  let next: string | undefined;
  do {
    // A page's token stands for the stream, which may not be named beside it.
    const input = next === undefined ? streamInput(stream) : { NextToken: next };
    const page = await answered('ListShards', stream, client.send(new ListShardsCommand(input)));
    shards.push(...(page.Shards ?? []));
    next = page.NextToken;
  } while (next !== undefined);
  return shards;
}

async function putInOrder(
  client: KinesisClient,
  stream: string,
  records: readonly StreamPut[],
  refusalsMax: number,
): Promise<void> {
  const waiting = lastFirst(records);
  let refusals = 0;
  while (waiting.size > 0) {
    const call = nextCall(waiting);
    const answers = await putOnce(client, stream, call);
    let refused: string | undefined;
    let taken = 0;
    for (const [i, { key }] of call.entries()) {
      const { ErrorCode } = answers[i] ?? { ErrorCode: 'NoAnswer' };
      if (ErrorCode !== undefined) refused = ErrorCode;
      else {
        taken++;
        takeNext(waiting, key);
      }
    }
    if (refused === undefined) continue;
    refusals = taken > 0 ? 0 : refusals + 1;
    if (refusals === refusalsMax)
      throw new RecordsRefused(putRefused(stream, refused, waiting.size), [...waiting.keys()]);
    await pause(refusals);
  }
}

/** The records of each key, the next one to put at the end. */
function lastFirst(records: readonly StreamPut[]): Map<string, StreamPut[]> {
  const waiting = new Map<string, StreamPut[]>();
  for (const record of records) {
    const queue = waiting.get(record.key);
    if (queue) queue.push(record);
    else waiting.set(record.key, [record]);
  }
  for (const queue of waiting.values()) queue.reverse();
  return waiting;
}

function takeNext(waiting: Map<string, StreamPut[]>, key: string): void {
  const queue = waiting.get(key);
  queue?.pop();
  if (queue?.length === 0) waiting.delete(key);
}

/** The next record of as many keys as one call takes. */
function nextCall(waiting: ReadonlyMap<string, readonly StreamPut[]>): StreamPut[] {
  const call: StreamPut[] = [];
  let bytes = 0;
  for (const queue of waiting.values()) {
    const next = queue.at(-1)!;
    bytes += recordBytes(next);
    if (call.length === CALL_RECORDS_MAX || bytes > CALL_BYTES_MAX) break;
    call.push(next);
  }
  return call;
}

/** One answer a record, in their order; the call succeeds though it took none of them. */
async function putOnce(
  client: KinesisClient,
  stream: string,
  records: readonly StreamPut[],
): Promise<readonly PutRecordsResultEntry[]> {
  const Records = records.map(({ key, data }) => ({ PartitionKey: key, Data: data }));
  const answer = await answered(
    'PutRecords',
    stream,
    client.send(new PutRecordsCommand({ ...streamInput(stream), Records })),
  );
  return answer.Records ?? [];
}

function recordOf(shard: string, record: _Record): StreamRecord {
  return {
    shard,
    sequence: record.SequenceNumber ?? '',
    key: record.PartitionKey ?? '',
    data: record.Data ?? new Uint8Array(0),
    arrivedAt: record.ApproximateArrivalTimestamp?.getTime() ?? 0,
  };
}

import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  type _Record as KinesisRecord,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { KinesisStreamRecord } from 'aws-lambda';
import type { Deployed } from '../deployer/deploy';
import { REGION } from '../deployer/intrinsics';
import { ofType, type Properties, type Resource } from '../deployer/resource';
import { MOTO, standIn } from '../endpoints';
import type { Chances } from './chances';
import type { Fleet } from './fleet';

// The client's own HTTP/2 is understood by no stand-in.
const kinesis = new KinesisClient({ ...standIn(MOTO), requestHandler: new NodeHttpHandler() });
const s3 = new S3Client({ ...standIn(MOTO), forcePathStyle: true });

/** A stream that a function reads, shard by shard. */
export interface StreamSource {
  /** Hands out what stands in the stream; true if there was anything new. */
  drain(): Promise<boolean>;
}

interface Mapping {
  readonly id: string;
  readonly lambda: string;
  readonly stream: string;
  readonly batchSize: number;
  readonly bisects: boolean;
  /** The bucket for batches that failed for good. */
  readonly asideBucket: string;
}

/**
 * The event source mappings of streams. Only what a lake's template states is played: one batch a shard at a time, tried
 * until its records are too old, which is for `chances` to say.
 */
export function streamSources({ resources }: Deployed, fleet: Fleet, chances: Chances): StreamSource[] {
  return ofType(resources, 'AWS::Lambda::EventSourceMapping').flatMap(resource => {
    const { properties } = resource;
    if (!(properties.EventSourceArn as string).includes(':kinesis:')) return [];
    const mapping = mappingOf(resource, fleet.byArn(properties.FunctionName as string).name);
    const iterators = new Map<string, string | undefined>();
    return [{ drain: () => drain({ mapping, fleet, chances }, iterators) }];
  });
}

function mappingOf({ ref: id, properties }: Resource, lambda: string): Mapping {
  const {
    ParallelizationFactor = 1,
    StartingPosition,
    MaximumRetryAttempts,
    MaximumRecordAgeInSeconds,
    DestinationConfig,
  } = properties as Properties & {
    DestinationConfig: { OnFailure: { Destination: string } };
  };
  if (ParallelizationFactor !== 1 || StartingPosition !== 'TRIM_HORIZON')
    throw new Error('the driver reads streams from their beginning, one batch a shard');
  if (MaximumRetryAttempts !== -1 || !(Number(MaximumRecordAgeInSeconds) > 0))
    throw new Error('the driver tries batches until they are too old');
  return {
    id,
    lambda,
    stream: properties.EventSourceArn as string,
    batchSize: Number(properties.BatchSize),
    bisects: properties.BisectBatchOnFunctionError === true,
    asideBucket: DestinationConfig.OnFailure.Destination.slice('arn:aws:s3:::'.length),
  };
}

async function drain(source: Source, iterators: Map<string, string | undefined>): Promise<boolean> {
  const { mapping } = source;
  const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamARN: mapping.stream }));
  let worked = false;
  for (const { ShardId: shard } of Shards) {
    if (!iterators.has(shard!)) iterators.set(shard!, await fromTheBeginning(mapping.stream, shard!));
    for (;;) {
      const ShardIterator = iterators.get(shard!);
      if (ShardIterator === undefined) break;
      const Limit = Math.min(mapping.batchSize, source.chances.recordsMax());
      const asked = { ShardIterator, StreamARN: mapping.stream, Limit };
      const { Records = [], NextShardIterator } = await kinesis.send(new GetRecordsCommand(asked));
      if (Records.length > 0) await handOut({ ...source, shard: shard! }, Records);
      iterators.set(shard!, NextShardIterator);
      if (Records.length === 0) break;
      worked = true;
    }
  }
  return worked;
}

async function fromTheBeginning(StreamARN: string, ShardId: string): Promise<string | undefined> {
  const asked = { StreamARN, ShardId, ShardIteratorType: 'TRIM_HORIZON' as const };
  return (await kinesis.send(new GetShardIteratorCommand(asked))).ShardIterator;
}

interface Source {
  readonly mapping: Mapping;
  readonly fleet: Fleet;
  readonly chances: Chances;
}

interface Reading extends Source {
  readonly shard: string;
}

/**
 * A batch, until all of it is dealt with: what the function reports as failed comes again from there, a batch that
 * fails whole is halved, and what is too old is put aside.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-errors.html
 */
async function handOut(reading: Reading, records: readonly KinesisRecord[]): Promise<void> {
  const { mapping, fleet, chances, shard } = reading;
  const event = { Records: records.map(record => recordOf(mapping.stream, shard, record)) };
  const invoke = () => fleet.invoke(mapping.lambda, event);
  // As after a lost answer: the same batch to two runs, of which one is heard.
  const [invoked] = await Promise.all([invoke(), ...(chances.twiceAtOnce() ? [invoke()] : [])]);
  const from = invoked.ok ? firstFailed(invoked.answer, records) : 0;
  if (from === undefined) return;
  const rest = records.slice(from);
  if (chances.outlasts()) return putAside(reading, event.Records.slice(from));
  if (invoked.ok || !mapping.bisects || rest.length === 1) return handOut(reading, rest);
  const half = Math.ceil(rest.length / 2);
  await handOut(reading, rest.slice(0, half));
  await handOut(reading, rest.slice(half));
}

/** The lowest sequence number counts; an unknown one is the whole batch. */
function firstFailed(answer: unknown, records: readonly KinesisRecord[]): number | undefined {
  const { batchItemFailures = [] } = (answer ?? {}) as { batchItemFailures?: { itemIdentifier: string }[] };
  if (batchItemFailures.length === 0) return undefined;
  const places = batchItemFailures.map(({ itemIdentifier }) =>
    records.findIndex(({ SequenceNumber }) => SequenceNumber === itemIdentifier),
  );
  return Math.max(0, Math.min(...places));
}

function recordOf(stream: string, shard: string, record: KinesisRecord): KinesisStreamRecord {
  return {
    kinesis: {
      kinesisSchemaVersion: '1.0',
      partitionKey: record.PartitionKey!,
      sequenceNumber: record.SequenceNumber!,
      data: Buffer.from(record.Data!).toString('base64'),
      approximateArrivalTimestamp: record.ApproximateArrivalTimestamp!.getTime() / 1000,
    },
    eventSource: 'aws:kinesis',
    eventVersion: '1.0',
    eventID: `${shard}:${record.SequenceNumber}`,
    eventName: 'aws:kinesis:record',
    invokeIdentityArn: '',
    awsRegion: REGION,
    eventSourceARN: stream,
  };
}

/**
 * Under the name that Lambda gives it: `aws/lambda/<mapping>/<shard>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<id>`.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
 */
async function putAside({ mapping, shard }: Reading, records: readonly KinesisStreamRecord[]): Promise<void> {
  const at = new Date().toISOString();
  const day = at.slice(0, 10).replaceAll('-', '/');
  const name = `${at.slice(0, 19).replaceAll(':', '.')}-${records[0]!.kinesis.sequenceNumber}`;
  await s3.send(
    new PutObjectCommand({
      Bucket: mapping.asideBucket,
      Key: `aws/lambda/${mapping.id}/${shard}/${day}/${name}`,
      Body: JSON.stringify({
        requestContext: { functionArn: mapping.lambda, condition: 'RecordAgeExceeded' },
        KinesisBatchInfo: { shardId: shard, batchSize: records.length, streamArn: mapping.stream },
        payload: JSON.stringify({ Records: records }),
      }),
    }),
  );
}

import { Duration } from 'aws-cdk-lib';
import { type IMetric, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { IStream } from 'aws-cdk-lib/aws-kinesis';
import { type IEventSourceDlq, type IFunction, MetricType, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { KinesisEventSource, SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { ResolvedLake } from '../../config/resolved';
import { RETENTION_DAYS, type StreamSource, streamSources } from '../../config/stream-sources';
import type { Storage } from '../storage/storage';
import type { WorkQueue } from '../work-queue';
import type { Grounds } from './rights';
import type { FunctionName } from './timeouts';

type Lambdas = ReadonlyMap<FunctionName, IFunction>;

/** Runs of a function at once, by its queue. A limit here takes nothing from the account's other functions. */
const CONCURRENCY_MAX = { ingest: 10, merge: 5, report: 2 } as const;

export function readQueues(queues: Grounds['queues'], lambdas: Lambdas): void {
  // Files that come at once share a transaction of the ledger; nothing waits for a batch to fill.
  read(queues.ingest, lambdas.get('ingest-files'), { batchSize: 10, maxConcurrency: CONCURRENCY_MAX.ingest });
  // One message a run: a merge takes as long as it may.
  read(queues.merge, lambdas.get('merge'), { batchSize: 1, maxConcurrency: CONCURRENCY_MAX.merge });
  read(queues.report, lambdas.get('report'), { batchSize: 1, maxConcurrency: CONCURRENCY_MAX.report });
}

function read(
  { queue }: WorkQueue,
  lambda: IFunction | undefined,
  limits: { batchSize: number; maxConcurrency: number },
): void {
  lambda?.addEventSource(new SqsEventSource(queue, { ...limits, reportBatchItemFailures: true }));
}

/**
 * Each stream is read in its shards' order, one batch a shard at a time. A batch that fails comes again from the record
 * that the function names, or halved where it names none, until its records are too old: then they are put aside in the
 * lake's bucket and the shard goes on. What is wrong with a record itself the function settles without failing.
 * @returns how many records were put aside, by the source of their stream
 */
export function readStreams(lake: ResolvedLake, storage: Storage, lambdas: Lambdas): Map<string, IMetric> {
  const lambda = lambdas.get('ingest-stream');
  const sources = new Map(streamSources(lake));
  const failed = new Map<string, IMetric>();
  for (const [name, stream] of Object.entries(storage.streams)) {
    const source = streamSource(storage, stream, recordAgeMax(sources.get(name)));
    lambda?.addEventSource(source);
    const metric = new Metric({
      namespace: 'AWS/Lambda',
      metricName: 'OnFailureDestinationDeliveredEventCount',
      dimensionsMap: { EventSourceMappingUUID: source.eventSourceMappingId },
      statistic: 'Sum',
    });
    failed.set(name, metric);
  }
  return failed;
}

function streamSource(storage: Storage, stream: IStream, maxRecordAge: Duration): KinesisEventSource {
  return new KinesisEventSource(stream, {
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize: 1000,
    maxBatchingWindow: Duration.seconds(5),
    // Two batches of a shard at once would have their cursor move back and forth.
    parallelizationFactor: 1,
    bisectBatchOnError: true,
    reportBatchItemFailures: true,
    // Age is the bound: an outage of minutes uses up any number of tries, and good records would be put aside.
    retryAttempts: -1,
    maxRecordAge,
    onFailure: lakeBucket(storage),
    metricsConfig: { metrics: [MetricType.EVENT_COUNT] },
  });
}

/** The account's streams may keep records for Kinesis's own default. */
const KEPT_HOURS_MIN = 24;
/** Lambda looks no further back. */
const AGE_HOURS_MAX = 7 * 24;
/** A record that is given up is copied before its stream forgets it. */
const MARGIN_HOURS = 12;

function recordAgeMax({ streamArn, retentionDays = RETENTION_DAYS }: StreamSource = {}): Duration {
  const kept = streamArn === undefined ? retentionDays * 24 : KEPT_HOURS_MIN;
  return Duration.hours(Math.min(kept, AGE_HOURS_MAX) - MARGIN_HOURS);
}

/** The right to put them there is the function's (rights.ts), for that prefix alone; the CDK's would be the bucket. */
const lakeBucket = (storage: Storage): IEventSourceDlq => ({
  bind: () => ({ destination: storage.buckets.lake.bucketArn }),
});

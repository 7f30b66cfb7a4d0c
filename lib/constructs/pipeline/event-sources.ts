import { Duration } from 'aws-cdk-lib';
import { type IMetric, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { IStream } from 'aws-cdk-lib/aws-kinesis';
import { type IEventSourceDlq, type IFunction, MetricType, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { KinesisEventSource, SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Storage } from '../storage/storage';
import type { WorkQueue } from '../work-queue';
import type { Grounds } from './rights';
import type { FunctionName } from './timeouts';

type Lambdas = ReadonlyMap<FunctionName, IFunction>;

/** Runs of a function at once, by its queue. A limit here takes nothing from the account's other functions. */
const CONCURRENCY_MAX = { ingest: 10, merge: 5, report: 2 } as const;

export function readQueues(queues: Grounds['queues'], lambdas: Lambdas): void {
  // One message a run: a file that kills its process takes no other with it, and a merge takes as long as it may.
  read(queues.ingest, lambdas.get('ingest-files'), { batchSize: 1, maxConcurrency: CONCURRENCY_MAX.ingest });
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
 * that the function names, or halved where it names none; after ten tries what is left of it is put aside in the lake's
 * bucket and the shard goes on.
 * @returns how many records were put aside, by the source of their stream
 */
export function readStreams(storage: Storage, lambdas: Lambdas): Map<string, IMetric> {
  const lambda = lambdas.get('ingest-stream');
  const failed = new Map<string, IMetric>();
  for (const [name, stream] of Object.entries(storage.streams)) {
    const source = streamSource(storage, stream);
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

function streamSource(storage: Storage, stream: IStream): KinesisEventSource {
  return new KinesisEventSource(stream, {
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize: 1000,
    maxBatchingWindow: Duration.seconds(5),
    // Two batches of a shard at once would have their cursor move back and forth.
    parallelizationFactor: 1,
    bisectBatchOnError: true,
    reportBatchItemFailures: true,
    retryAttempts: 10,
    maxRecordAge: Duration.days(1),
    onFailure: lakeBucket(storage),
    metricsConfig: { metrics: [MetricType.EVENT_COUNT] },
  });
}

/** The right to put them there is the function's (rights.ts), for that prefix alone; the CDK's would be the bucket. */
const lakeBucket = (storage: Storage): IEventSourceDlq => ({
  bind: () => ({ destination: storage.buckets.lake.bucketArn }),
});

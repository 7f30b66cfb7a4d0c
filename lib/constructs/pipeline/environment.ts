import { Stack } from 'aws-cdk-lib';
import { CONFIG_FILE } from './config-layer';
import type { Grounds } from './rights';

/**
 * What the functions are told of where they stand (lib/runtime/aws.ts): names and urls, no secrets. All are told the
 * same; what a function may do with a name is said by its rights.
 */
export function environmentOf({ storage, queues }: Grounds, windowSeconds: number): Record<string, string> {
  const streams = Object.entries(storage.streams).map(([source, { streamArn }]) => [source, streamArn]);
  return {
    TIDEMARK_CONFIG: CONFIG_FILE,
    TIDEMARK_LAKE_BUCKET: storage.buckets.lake.bucketName,
    TIDEMARK_LANDING_BUCKET: storage.buckets.landing.bucketName,
    TIDEMARK_LEDGER: storage.ledger.tableName,
    TIDEMARK_DATABASE: storage.databases.tables,
    TIDEMARK_STAGING_DATABASE: storage.databases.staging,
    TIDEMARK_WORKGROUP: storage.workgroups.system,
    TIDEMARK_INGEST_QUEUE: queues.ingest.queue.queueUrl,
    TIDEMARK_MERGE_QUEUE: queues.merge.queue.queueUrl,
    TIDEMARK_REPORT_QUEUE: queues.report.queue.queueUrl,
    TIDEMARK_WINDOW_SECONDS: String(windowSeconds),
    // An event says by ARN which stream it is of.
    TIDEMARK_STREAMS: Stack.of(storage).toJsonString(Object.fromEntries(streams)),
  };
}

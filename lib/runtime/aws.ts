import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GlueClient } from '@aws-sdk/client-glue';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { glueCatalog } from '../adapters/aws/catalog';
import { clientSettings } from '../adapters/aws/clients';
import { dynamoItems } from '../adapters/aws/items';
import { s3Store } from '../adapters/aws/object-store';
import { sqsWakeUps } from '../adapters/aws/wake-ups';
import { systemClock } from '../adapters/local/clock';
import { randomIds } from '../adapters/local/ids';
import type { ResolvedLake } from '../config/resolved';
import type { LakePorts } from '../ports/lake-ports';
import type { ObjectStore } from '../ports/object-store';
import type { WakeUps } from '../ports/wake-ups';
import { type Environment, readDeployedConfig, variable } from './aws-config';

/** A deployed lake as its functions see it. */
export interface AwsLake {
  readonly config: ResolvedLake;
  readonly ports: LakePorts;
  readonly landing: ObjectStore;
  readonly landingBucket: string;
  readonly wakeUps: WakeUps;
  /** How long wake-ups of one table are gathered. */
  readonly windowMs: number;
}

/**
 * Every port of a deployed lake that moves no SQL; those that do are in aws-queries.ts, so that a function without
 * queries bundles no client for them. Clients live as long as the process: their connections are kept.
 * @throws TM_8201, TM_8202
 */
export function awsLake(environment: Environment): AwsLake {
  return awsLakeOf(readDeployedConfig(variable(environment, 'TIDEMARK_CONFIG')), environment);
}

/** The same for whoever has the config: the command line. @throws TM_8201 */
export function awsLakeOf(config: ResolvedLake, environment: Environment): AwsLake {
  const windowMs = Number(variable(environment, 'TIDEMARK_WINDOW_SECONDS')) * 1000;
  const settings = clientSettings();
  const s3 = new S3Client({ ...settings, forcePathStyle: environment.TIDEMARK_S3_PATH_STYLE === 'true' });
  const store = s3Store(s3, { bucket: variable(environment, 'TIDEMARK_LAKE_BUCKET') });
  const clock = systemClock();
  const ids = randomIds();
  const landingBucket = variable(environment, 'TIDEMARK_LANDING_BUCKET');
  const ports: LakePorts = {
    store,
    items: dynamoItems(new DynamoDBClient(settings), variable(environment, 'TIDEMARK_LEDGER')),
    catalog: glueCatalog(new GlueClient(settings), {
      database: variable(environment, 'TIDEMARK_DATABASE'),
      store,
      ids,
    }),
    clock,
    ids,
  };
  const queues = {
    merge: variable(environment, 'TIDEMARK_MERGE_QUEUE'),
    report: variable(environment, 'TIDEMARK_REPORT_QUEUE'),
    ingest: variable(environment, 'TIDEMARK_INGEST_QUEUE'),
  };
  return {
    config,
    ports,
    landing: s3Store(s3, { bucket: landingBucket }),
    landingBucket,
    wakeUps: sqsWakeUps(new SQSClient(settings), { queues, landing: landingBucket, windowMs, clock }),
    windowMs,
  };
}

import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { sqsWakeUps } from '../../lib/adapters/aws/wake-ups';
import type { FixedClock } from '../../lib/adapters/memory/clock';
import type { LakeConfig } from '../../lib/config/define';
import type { AwsQueryLake } from '../../lib/runtime/aws-queries';
import { testLake } from '../support/lake';
import { type MemoryJobs, memoryJobs } from '../support/memory-jobs';
import { type Answer, DATABASES, memoryStaging, reportEngine } from '../support/report-engine';
import { queues, type Sent } from './fifo-queue';

export const WINDOW_MS = 15_000;

/** A deployed lake of this process: memory ports, queues that deduplicate and delay as SQS does, an engine in memory. */
export interface TestAwsLake extends AwsQueryLake {
  readonly clock: FixedClock;
  readonly jobs: MemoryJobs;
  /** Everything the queues took. */
  readonly sent: Sent[];
}

/** @param answer what a report's SELECT gives for a date; views are made by doing nothing */
export function awsTestLake(
  config: LakeConfig,
  { seed = 1, answer = () => NOTHING }: { seed?: number; answer?: (date: string | undefined) => Answer } = {},
): TestAwsLake {
  const { ports, landing, lake } = testLake(config, seed);
  const staging = memoryStaging();
  const reports = reportEngine(ports, staging, answer);
  const jobs = memoryJobs({
    execute: async statement =>
      statement.sql.startsWith('CREATE OR REPLACE VIEW') ? {} : reports(statement),
  });
  const clock = ports.clock as FixedClock;
  const { client, sent } = queues(clock, WINDOW_MS);
  const urls = { merge: 'merge', report: 'report', ingest: 'ingest' };
  return {
    config: lake,
    ports,
    queryPorts: { ...ports, jobs, staging, readSql: async () => 'SELECT 1', databases: DATABASES },
    jobs,
    landing,
    landingBucket: 'landing',
    wakeUps: sqsWakeUps(client, { queues: urls, landing: 'landing', windowMs: WINDOW_MS, clock }),
    windowMs: WINDOW_MS,
    clock,
    sent,
  };
}

const NOTHING: Answer = { columns: [{ name: 'id', type: 'BIGINT' }], rows: [] };

/** An invocation with so much time. */
export const within = (ms: number) => ({ getRemainingTimeInMillis: () => ms });

export function sqsEvent(...bodies: (string | object)[]): SQSEvent {
  return {
    Records: bodies.map(
      (body, i) =>
        ({ messageId: `m${i}`, body: typeof body === 'string' ? body : JSON.stringify(body) }) as SQSRecord,
    ),
  };
}

/** What S3 sends of one object; the key as it stands in the message. */
export function objectEvent(key: string, eventName = 'ObjectCreated:Put', bucket = 'landing') {
  return { Records: [{ eventName, s3: { bucket: { name: bucket }, object: { key } } }] };
}

import type { SQSClient } from '@aws-sdk/client-sqs';
import { sqsWakeUps } from '../../lib/adapters/aws/wake-ups';
import type { FixedClock } from '../../lib/adapters/memory/clock';
import type { LakeConfig } from '../../lib/config/define';
import type { ResolvedLake } from '../../lib/config/resolved';
import { TIMEOUT_SECONDS } from '../../lib/constructs/pipeline/timeouts';
import type { Catalog, SwapResult } from '../../lib/ports/catalog';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { testLake } from '../support/lake';
import { type Fate, memoryJobs } from '../support/memory-jobs';
import { type MemoryQueue, memoryQueue, sendsTo } from '../support/memory-queue';
import { DATABASES, memoryStaging } from '../support/report-engine';
import type { SimulatedLake } from './aws-ports';
import { dailyEngine } from './aws-report';
import type { Scheduler } from './scheduler';
import { SHARDS, STREAM } from './stream-world';
import { bytesOf, COLUMNED, type WorldFile } from './world';

export const LANDING = 'landing';
export const WINDOW_MS = 15_000;
export const REPORT = 'daily';
export const START = Date.UTC(2026, 0, 1);
const RECEIVES_MAX = 5;

/** `late` is declared when its files have waited in quarantine. */
export const configOf = (late: boolean): LakeConfig => ({
  name: 'world',
  tables: {
    one: { ...COLUMNED, partitionBy: ['bucket(2, id)'] },
    // Left to the sweep: its deltas may wait longer than a window.
    two: { ...COLUMNED, freshness: '10 minutes' },
    three: { key: ['id'], columns: { id: 'bigint', a: 'int', b: 'string' } },
    ...(late ? { late: COLUMNED } : {}),
  },
  sources: { source: { kind: 'kinesis', format: 'dms' } },
  reports: { [REPORT]: { table: 'one', schedule: 'daily' } },
  // A file is one delta, and a merge takes one or two.
  limits: { deltaRowsMax: 4, mergeRowsMax: 4 },
});

export type QueueName = 'ingest' | 'merge' | 'report';

/** A lake on AWS in memory: what stands in it, and what goes on in it by itself. */
export interface AwsWorld {
  readonly lake: SimulatedLake & { config: ResolvedLake };
  readonly ports: LakePorts;
  readonly clock: FixedClock;
  readonly queues: Readonly<Record<QueueName, MemoryQueue>>;
  /** Every metadata file that became a table's newest, in order. */
  readonly published: Published[];
  /** Everything that was uploaded, by key; what is in no table's form has no file. */
  readonly uploaded: Map<string, WorldFile | undefined>;
  /** The text of each view as Athena last made it. */
  readonly views: Map<string, string>;
  upload(file: WorldFile): Promise<void>;
  /** Bytes that are no table's rows. */
  uploadBad(key: string, text: string): Promise<void>;
}

export interface Published {
  readonly table: string;
  readonly metadata: Uint8Array;
}

export interface WorldOptions {
  readonly seed: number;
  readonly scheduler: Scheduler;
  /** What becomes of a statement of Athena. */
  readonly fate: () => Fate;
  /** Athena's word that a statement has ended. */
  readonly ended: (id: string) => void;
}

export function awsWorld({ seed, scheduler, fate, ended }: WorldOptions): AwsWorld {
  const { ports: plain, landing } = testLake(configOf(false), seed);
  const clock = plain.clock as FixedClock;
  const published: Published[] = [];
  const ports = { ...plain, catalog: publishing(plain.catalog, published) };
  const uploaded: AwsWorld['uploaded'] = new Map();
  const pick = <T>(among: readonly T[]) => scheduler.pick(among);
  const queue = { clock, pick, receivesMax: RECEIVES_MAX };
  const queues = {
    ingest: memoryQueue({ ...queue, timeoutSeconds: TIMEOUT_SECONDS['ingest-files'] }),
    merge: memoryQueue({
      ...queue,
      timeoutSeconds: TIMEOUT_SECONDS.merge,
      fifo: true,
      delaySeconds: WINDOW_MS / 1000,
    }),
    report: memoryQueue({ ...queue, timeoutSeconds: TIMEOUT_SECONDS.report, fifo: true }),
  };
  const staging = memoryStaging();
  const views: AwsWorld['views'] = new Map();
  const jobs = memoryJobs({
    execute: dailyEngine(ports, { staging, uploaded, views }),
    fate,
    lateTurns: () => pick([10, 100, 400]),
    spawn: (id, course) =>
      scheduler.spawn(`statement ${id}`, async actor => {
        await course(() => actor.gate('engine'));
        ended(id);
      }),
  });
  const urls = { ingest: 'ingest', merge: 'merge', report: 'report' };
  const client: Pick<SQSClient, 'send'> = sendsTo(queues);
  const stream = { ...STREAM, shards: async () => SHARDS };
  const put = async (key: string, bytes: Uint8Array, file?: WorldFile) => {
    await landing.put(key, bytes);
    uploaded.set(key, file);
  };
  return {
    lake: {
      config: smallFiles(configOf(false)),
      ports,
      queryPorts: { ...ports, jobs, staging, readSql: async () => '', databases: DATABASES },
      landing,
      landingBucket: LANDING,
      wakeUps: sqsWakeUps(client, { queues: urls, landing: LANDING, windowMs: WINDOW_MS, clock }),
      windowMs: WINDOW_MS,
      streamOf: async () => ({ source: 'source', stream }),
    },
    ports,
    clock,
    queues,
    published,
    uploaded,
    views,
    upload: file => put(file.key, bytesOf(file), file),
    uploadBad: (key, text) => put(key, Buffer.from(text)),
  };
}

/** A catalog that keeps what was published. */
function publishing(catalog: Catalog, published: Published[]): Catalog {
  const noted = (result: SwapResult, made: Published) => {
    if (result.swapped) published.push(made);
    return result;
  };
  return {
    ...catalog,
    create: async (table, metadata) => noted(await catalog.create(table, metadata), { table, metadata }),
    swap: async (table, base, metadata) =>
      noted(await catalog.swap(table, base, metadata), { table, metadata }),
  };
}

/** Two files are enough for a compaction. */
function smallFiles(config: LakeConfig): ResolvedLake {
  const { lake } = testLake(config);
  const limits = { ...lake.limits, smallFilesMin: 2 };
  return { ...lake, limits };
}

/** The config is mended, and the functions are deployed anew. */
export function declareLate(world: AwsWorld): void {
  world.lake.config = smallFiles(configOf(true));
}

/** What S3 sends of an object. */
export function objectCreated(key: string): string {
  const written = encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+');
  const s3 = { bucket: { name: LANDING }, object: { key: written } };
  return JSON.stringify({ Records: [{ eventName: 'ObjectCreated:Put', s3 }] });
}

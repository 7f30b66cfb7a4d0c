import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AthenaClient, CreateWorkGroupCommand } from '@aws-sdk/client-athena';
import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation';
import { CreateStreamCommand, KinesisClient } from '@aws-sdk/client-kinesis';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { clientSettings } from '../../lib/adapters/aws/clients';
import { type OutputKey, outputName } from '../../lib/config/deployed';
import { loadConfig } from '../../lib/config/load';
import { isSettled } from '../../lib/stages/land/arrival';
import { land } from '../../lib/stages/land/land';
import { mergeNext } from '../../lib/stages/merge/merge';
import { EXAMPLES, folder, type Ran, tidemark } from '../cli/terminal';
import { ATHENA, DYNAMODB, MOTO, standIn } from './endpoints';
import { type StoredLake, storedLake } from './stored-lake';

const sqs = new SQSClient(standIn(MOTO));

/** What a shell of the lake's user has. The SDK reads its part of it by itself. */
export const SHELL = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_ENDPOINT_URL: MOTO,
  AWS_ENDPOINT_URL_DYNAMODB: DYNAMODB,
  AWS_ENDPOINT_URL_ATHENA: ATHENA,
};

/** A lake that stands as a deploy leaves it, its functions done by hand, and a folder to run the command line in. */
export class CliLake {
  private readonly stopped = new AbortController();
  private running: Promise<void> = Promise.resolve();

  private constructor(
    readonly stored: StoredLake,
    readonly cwd: string,
    readonly queues: Readonly<Record<string, string>>,
  ) {}

  get landingBucket(): string {
    return `${this.stored.bucket}-landing`;
  }

  /** The stream of the source `events`. */
  get stream(): string {
    return `${this.stored.bucket}-events`;
  }

  /** The employees of the examples, deployed without anything taken in. */
  static async deployed(): Promise<CliLake> {
    Object.assign(process.env, SHELL);
    const cwd = folder();
    cpSync(join(EXAMPLES, 'employees'), cwd, { recursive: true });
    const stored = await storedLake('cli', { name: 'employees', tables: {} });
    const lake = new CliLake(stored, cwd, await madeQueues(stored.bucket));
    await lake.madeStack();
    return lake;
  }

  run(...args: string[]): Promise<Ran> {
    return tidemark(this.cwd, ['--target', 'aws', '--config', this.config, ...args], {
      environment: { TIDEMARK_S3_PATH_STYLE: 'true' },
    });
  }

  /** The same command on a lake of this machine. */
  runHere(...args: string[]): Promise<Ran> {
    return tidemark(this.cwd, args);
  }

  /** Does what the functions do, over and over, until `stop`. */
  start(): void {
    this.running = this.work();
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.running;
  }

  /** What the functions do of what waits now. */
  async once(): Promise<void> {
    const config = { ...(await loadConfig(join(this.cwd, 'tidemark.config.ts'))), name: this.stored.bucket };
    const { ports, landing } = this.stored;
    const wakeUps = { merge: async () => {} };
    for await (const { key } of landing.list('')) {
      if (await isSettled({ items: ports.items, landing }, key)) continue;
      const landed = (await land({ ...ports, landing, wakeUps }, config, [key])).get(key)!;
      if ('error' in landed) throw landed.error;
    }
    for (const table of config.tables) while (await mergeNext(ports, table, config.limits));
  }

  private async work(): Promise<void> {
    while (!this.stopped.signal.aborted) {
      await this.once();
      await sleep(200);
    }
  }

  private get config(): string {
    return join(this.cwd, 'aws.config.ts');
  }

  /** The stacks' outputs, and no more of them: resources were made by hand. */
  private async madeStack(): Promise<void> {
    const { bucket, database } = this.stored;
    const values: Partial<Record<OutputKey, string>> = {
      LandingBucket: this.landingBucket,
      LakeBucket: bucket,
      ResultsBucket: `${bucket}-results`,
      LogsBucket: `${bucket}-logs`,
      StreamEvents: this.stream,
      Ledger: bucket,
      Database: database,
      StagingDatabase: `${database}_staging`,
      Workgroup: `${bucket}-people`,
      SystemWorkgroup: `${bucket}-system`,
      ...this.queues,
    };
    const outputs = Object.entries(values).map(([key, Value]) => [
      outputName(bucket, key as OutputKey),
      { Value },
    ]);
    const Resources = { Topic: { Type: 'AWS::SNS::Topic' } };
    await new CloudFormationClient(standIn(MOTO)).send(
      new CreateStackCommand({
        StackName: `${bucket}-storage`,
        TemplateBody: JSON.stringify({ Resources, Outputs: Object.fromEntries(outputs) }),
      }),
    );
    await new KinesisClient({ ...standIn(MOTO), ...clientSettings() }).send(
      new CreateStreamCommand({ StreamName: this.stream, ShardCount: 1 }),
    );
    const athena = new AthenaClient(standIn(ATHENA));
    for (const Name of [values.Workgroup!, values.SystemWorkgroup!]) {
      const ResultConfiguration = { OutputLocation: `s3://${bucket}/answers/` };
      await athena.send(new CreateWorkGroupCommand({ Name, Configuration: { ResultConfiguration } }));
    }
    const { writeFileSync, readFileSync } = await import('node:fs');
    const text = readFileSync(join(this.cwd, 'tidemark.config.ts'), 'utf8');
    writeFileSync(
      this.config,
      text.replace(
        "name: 'employees'",
        `name: '${bucket}', sources: { events: { kind: 'kinesis', format: 'dms' } }`,
      ),
    );
  }
}

async function madeQueues(lake: string): Promise<Record<string, string>> {
  const made: Record<string, string> = {};
  for (const name of ['Ingest', 'Merge', 'Report']) {
    const fifo = name !== 'Ingest';
    for (const kind of ['Queue', 'DeadLetters']) {
      const QueueName = `${lake}-${name}-${kind}${fifo ? '.fifo' : ''}`;
      const Attributes = fifo ? { FifoQueue: 'true' } : undefined;
      made[`${name}${kind}`] = (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl!;
    }
  }
  return made;
}

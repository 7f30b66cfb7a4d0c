import '../lambdas/quiet';

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateDatabaseCommand, GlueClient } from '@aws-sdk/client-glue';
import { CreateStreamCommand, KinesisClient } from '@aws-sdk/client-kinesis';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { ingestFiles } from '../../lambdas/ingest-files/handler';
import { merge } from '../../lambdas/merge/handler';
import { sweep } from '../../lambdas/sweep/handler';
import { deployedConfig } from '../../lib/config/deployed';
import { resolveLake } from '../../lib/config/resolve';
import { type AwsQueryLake, awsQueryLake } from '../../lib/runtime/aws-queries';
import { awsStreamLake } from '../../lib/runtime/aws-streams';
import { objectEvent, sqsEvent, within } from '../lambdas/aws-lake';
import { readRows } from '../support/lake';
import { ATHENA, DYNAMODB, MOTO, standIn } from './endpoints';

const NAME = `functions-${process.pid}-${Date.now().toString(36)}`;
const WINDOW_SECONDS = 2;
const TIME = within(300_000);
const s3 = new S3Client({ ...standIn(MOTO), forcePathStyle: true });
const sqs = new SQSClient(standIn(MOTO));
let folder: string;
let lake: AwsQueryLake;
let environment: Record<string, string>;

const CONFIG = { name: 'shop', tables: { orders: { key: ['id'], columns: { id: 'bigint', v: 'int' } } } };

async function queue(name: string, fifo: boolean): Promise<string> {
  const Attributes = fifo ? { FifoQueue: 'true', DelaySeconds: String(WINDOW_SECONDS) } : {};
  const QueueName = `${NAME}-${name}${fifo ? '.fifo' : ''}`;
  return (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl!;
}

/** The SDK reads endpoints and credentials by itself, as in a function. */
const SDK = {
  AWS_ENDPOINT_URL: MOTO,
  AWS_ENDPOINT_URL_DYNAMODB: DYNAMODB,
  AWS_ENDPOINT_URL_ATHENA: ATHENA,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
};

beforeAll(async () => {
  Object.assign(process.env, SDK);
  folder = mkdtempSync(join(tmpdir(), 'tidemark-functions-'));
  const config = join(folder, 'config.json');
  writeFileSync(
    config,
    JSON.stringify(deployedConfig(resolveLake(CONFIG, join(folder, 'tidemark.config.ts')))),
  );
  for (const bucket of ['lake', 'landing'])
    await s3.send(new CreateBucketCommand({ Bucket: `${NAME}-${bucket}` }));
  const glue = new GlueClient(standIn(MOTO));
  for (const Name of [NAME, `${NAME}_staging`])
    await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name } }));
  const attribute = (AttributeName: string) => ({ AttributeName, AttributeType: 'S' as const });
  await new DynamoDBClient(standIn(DYNAMODB)).send(
    new CreateTableCommand({
      TableName: NAME,
      AttributeDefinitions: [attribute('partition'), attribute('sort')],
      KeySchema: [
        { AttributeName: 'partition', KeyType: 'HASH' },
        { AttributeName: 'sort', KeyType: 'RANGE' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  environment = {
    TIDEMARK_CONFIG: config,
    TIDEMARK_LAKE_BUCKET: `${NAME}-lake`,
    TIDEMARK_LANDING_BUCKET: `${NAME}-landing`,
    TIDEMARK_LEDGER: NAME,
    TIDEMARK_DATABASE: NAME,
    TIDEMARK_STAGING_DATABASE: `${NAME}_staging`,
    TIDEMARK_WORKGROUP: 'primary',
    TIDEMARK_MERGE_QUEUE: await queue('merge', true),
    TIDEMARK_REPORT_QUEUE: await queue('report', true),
    TIDEMARK_INGEST_QUEUE: await queue('ingest', false),
    TIDEMARK_WINDOW_SECONDS: String(WINDOW_SECONDS),
    TIDEMARK_S3_PATH_STYLE: 'true',
  };
  lake = awsQueryLake(environment);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function upload(key: string, text: string): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: `${NAME}-landing`, Key: key, Body: text }));
}

/** Takes what the queue gives within some seconds, and hands it to the function as Lambda does. */
async function workOff(
  name: 'MERGE' | 'INGEST',
  handler: (event: SQSEvent, time: typeof TIME) => Promise<SQSBatchResponse>,
): Promise<Message[]> {
  const QueueUrl = environment[`TIDEMARK_${name}_QUEUE`]!;
  const asked = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: WINDOW_SECONDS + 2 };
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(asked));
  if (Messages.length > 0)
    expect(await handler(sqsEvent(...Messages.map(m => m.Body!)), TIME)).toEqual({ batchItemFailures: [] });
  for (const { ReceiptHandle } of Messages)
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  return Messages;
}

const rows = async () => (await readRows(lake.ports, 'orders')).map(({ id, v }) => `${id} ${v}`).sort();

test('functions.path: uploaded, announced twice, merged by one message of the window', async () => {
  await upload('shop/a b/orders.csv', 'id,v\n1,10\n2,20\n');
  await upload('orders.csv', 'id,v\n3,30\n');
  const events = [objectEvent('shop/a+b/orders.csv'), objectEvent('orders.csv'), objectEvent('orders.csv')];
  const messages = events.map(event =>
    JSON.parse(JSON.stringify(event).replace('"name":"landing"', `"name":"${NAME}-landing"`)),
  );
  expect(await ingestFiles(lake)(sqsEvent(...messages), TIME)).toEqual({ batchItemFailures: [] });
  const woken = await workOff('MERGE', merge(lake));
  // Two, where the window changed between the files.
  expect([1, 2]).toContain(woken.length);
  expect(await rows()).toEqual(['1 10', '2 20', '3 30']);
}, 60_000);

test('functions.sweep: an upload without an event is found by the listing', async () => {
  await upload('later/orders.csv', 'id,v\n3,33\n');
  await sweep(lake)({ listing: 'full' }, TIME);
  expect(await workOff('INGEST', ingestFiles(lake))).toHaveLength(1);
  await workOff('MERGE', merge(lake));
  expect(await rows()).toEqual(['1 10', '2 20', '3 33']);
  await sweep(lake)({ listing: 'full' }, TIME);
  expect(await workOff('INGEST', ingestFiles(lake))).toHaveLength(0);
}, 60_000);

test('functions.stream: its records are known by the ARN that Lambda names', async () => {
  const kinesis = new KinesisClient({ ...standIn(MOTO), requestHandler: new NodeHttpHandler() });
  await kinesis.send(new CreateStreamCommand({ StreamName: NAME, ShardCount: 1 }));
  const streams = { events: `arn:aws:kinesis:us-east-1:123456789012:stream/${NAME}` };
  const streamLake = awsStreamLake({ ...environment, TIDEMARK_STREAMS: JSON.stringify(streams) });
  const { source, stream } = await streamLake.streamOf(streams.events);
  expect({ source, name: stream.name, fresh: Date.now() - stream.createdAt < 60_000 }).toEqual({
    ...{ source: 'events', name: NAME, fresh: true },
  });
  expect((await stream.shards()).map(({ parents }) => parents)).toEqual([[]]);
  await expect(streamLake.streamOf(`${streams.events}-another`)).rejects.toThrow(/^\[TM_8203\]/);
});

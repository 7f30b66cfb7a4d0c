// A lake in the stand-ins for the cold starts, and an event for each function that has something to do.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateDatabaseCommand, GlueClient } from '@aws-sdk/client-glue';
import { CreateStreamCommand, DescribeStreamSummaryCommand, KinesisClient } from '@aws-sdk/client-kinesis';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { NodeHttpHandler } from '@smithy/node-http-handler';

const MOTO = process.env.TIDEMARK_MOTO ?? 'http://127.0.0.1:5005';
const DYNAMODB = process.env.TIDEMARK_DYNAMODB ?? 'http://127.0.0.1:8005';
const ATHENA = process.env.TIDEMARK_ATHENA ?? 'http://127.0.0.1:8086';
const NAME = `cold-${process.pid}-${Date.now().toString(36)}`;
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const moto = { endpoint: MOTO, region: 'us-east-1', credentials, requestHandler: new NodeHttpHandler() };
const [LAKE, LANDING] = [`${NAME}-lake`, `${NAME}-landing`];

/** As lib/config/deployed.ts writes it; built by hand, as nothing here runs TypeScript. */
const CONFIG = {
  ...{ name: 'cold', timezone: 'UTC', folder: '.', onBadRow: 'quarantineFile', reports: [] },
  sources: { events: { kind: 'kinesis', format: 'json' } },
  tables: [table('orders', 'orders'), table('clicks', 'events')],
  limits: {
    ...{ rowGroupRowsMax: 131_072, rowGroupBytesMax: 8 << 20, fileBytesMax: 128 << 20 },
    ...{ deltaRowsMax: 250_000, deltaBytesMax: 24 << 20, mergeRowsMax: 250_000, mergeBytesMax: 24 << 20 },
  },
};

function table(name, from) {
  return {
    ...{ name, key: ['id'], mode: 'merge', partitionBy: [], omit: [], freshnessMs: 60_000, absent: 'null' },
    ...{
      columns: [{ name: 'id', type: 'long' }],
      from: { table: from },
      onBadRow: 'quarantineFile',
      watch: false,
    },
  };
}

/** Makes the place. `events` gives by function what it is invoked with in a run, in the order of their work. */
export async function place(folder) {
  const s3 = new S3Client({ ...moto, forcePathStyle: true });
  for (const Bucket of [LAKE, LANDING]) await s3.send(new CreateBucketCommand({ Bucket }));
  const glue = new GlueClient(moto);
  for (const Name of [NAME, `${NAME}_staging`])
    await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name } }));
  await ledger();
  const streamArn = await stream();
  writeFileSync(join(folder, 'config.json'), JSON.stringify(CONFIG));
  const put = (Key, Body) => s3.send(new PutObjectCommand({ Bucket: LANDING, Key, Body }));
  return { environment: await environmentOf(folder), events: eventsOf(put, streamArn) };
}

async function ledger() {
  const keys = { partition: 'HASH', sort: 'RANGE' };
  await new DynamoDBClient({ ...moto, endpoint: DYNAMODB }).send(
    new CreateTableCommand({
      TableName: NAME,
      AttributeDefinitions: Object.keys(keys).map(AttributeName => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: Object.entries(keys).map(([AttributeName, KeyType]) => ({ AttributeName, KeyType })),
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
}

async function stream() {
  const kinesis = new KinesisClient(moto);
  await kinesis.send(new CreateStreamCommand({ StreamName: NAME, ShardCount: 1 }));
  const { StreamDescriptionSummary } = await kinesis.send(
    new DescribeStreamSummaryCommand({ StreamName: NAME }),
  );
  return StreamDescriptionSummary.StreamARN;
}

async function environmentOf(folder) {
  const sqs = new SQSClient(moto);
  const queue = async name => {
    const Attributes = name === 'ingest' ? {} : { FifoQueue: 'true' };
    const QueueName = `${NAME}-${name}${name === 'ingest' ? '' : '.fifo'}`;
    return (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl;
  };
  return {
    ...{ AWS_ENDPOINT_URL: MOTO, AWS_ENDPOINT_URL_DYNAMODB: DYNAMODB, AWS_ENDPOINT_URL_ATHENA: ATHENA },
    ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    ...{ TIDEMARK_CONFIG: join(folder, 'config.json'), TIDEMARK_LEDGER: NAME, TIDEMARK_WORKGROUP: 'primary' },
    ...{ TIDEMARK_LAKE_BUCKET: LAKE, TIDEMARK_LANDING_BUCKET: LANDING, TIDEMARK_S3_PATH_STYLE: 'true' },
    ...{
      TIDEMARK_DATABASE: NAME,
      TIDEMARK_STAGING_DATABASE: `${NAME}_staging`,
      TIDEMARK_WINDOW_SECONDS: '15',
    },
    TIDEMARK_MERGE_QUEUE: await queue('merge'),
    TIDEMARK_REPORT_QUEUE: await queue('report'),
    TIDEMARK_INGEST_QUEUE: await queue('ingest'),
  };
}

function eventsOf(put, streamArn) {
  const message = body => ({ Records: [{ messageId: 'm', body: JSON.stringify(body) }] });
  return {
    'ingest-files': async run => {
      await put(`${run}/orders.csv`, `id,name\n${run},x\n`);
      const s3 = { bucket: { name: LANDING }, object: { key: `${run}/orders.csv` } };
      return message({ Records: [{ eventName: 'ObjectCreated:Put', s3 }] });
    },
    merge: async () => message({ table: 'orders' }),
    'ingest-stream': async run => ({ Records: [streamRecord(run, streamArn)] }),
    report: async run => ({ detail: { queryExecutionId: `another-${run}` } }),
    sweep: async () => ({ listing: 'full' }),
    compact: async () => ({}),
    vacuum: async () => ({}),
  };
}

function streamRecord(run, eventSourceARN) {
  const sequenceNumber = `49590338271490256608559692538361571095921575989136588${String(run).padStart(3, '0')}`;
  const data = Buffer.from(JSON.stringify({ id: run })).toString('base64');
  const kinesis = { sequenceNumber, partitionKey: 'k', data, approximateArrivalTimestamp: Date.now() / 1000 };
  return { eventID: `shardId-000000000000:${sequenceNumber}`, eventSourceARN, kinesis };
}

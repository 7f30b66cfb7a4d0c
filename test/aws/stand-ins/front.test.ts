import {
  CreateTableCommand,
  DynamoDBClient,
  PutItemCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { GetTableCommand, GlueClient } from '@aws-sdk/client-glue';
import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DYNAMODB, MOTO, standIn } from '../endpoints';
import { as, failCalls, faultCounts, forgetRequests, healCalls, requestsOf } from './controls';

const principal = 'stand-ins-front';
const settings = (endpoint: string) => ({ ...standIn(endpoint), credentials: as(principal), maxAttempts: 1 });
const s3 = new S3Client({ ...settings(MOTO), forcePathStyle: true });
const dynamo = new DynamoDBClient(settings(DYNAMODB));
const glue = new GlueClient(settings(MOTO));
const sqs = new SQSClient(settings(MOTO));
const Bucket = `stand-ins-front-${process.pid}`;
const TableName = `stand-ins-front-${process.pid}`;

const nameOf = (sending: Promise<unknown>) =>
  sending.then(
    () => 'done',
    error => error.name as string,
  );
const item = (id: string) => ({ Put: { TableName, Item: { id: { S: id } } } });

beforeAll(async () => {
  await s3.send(new CreateBucketCommand({ Bucket }));
  await dynamo.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    }),
  );
});
afterAll(() => {
  for (const client of [s3, dynamo, glue, sqs]) client.destroy();
});

test('faults.throttle is in each service its own', async () => {
  const id = await failCalls({ principal, every: 1, kinds: ['throttle'] });
  const names = await Promise.all([
    nameOf(s3.send(new ListObjectsV2Command({ Bucket }))),
    nameOf(dynamo.send(new PutItemCommand({ TableName, Item: { id: { S: 'a' } } }))),
    nameOf(glue.send(new GetTableCommand({ DatabaseName: 'd', Name: 't' }))),
    nameOf(sqs.send(new CreateQueueCommand({ QueueName: 'never' }))),
  ]);
  await healCalls(id);
  expect(names).toEqual([
    'SlowDown',
    'ProvisionedThroughputExceededException',
    'ThrottlingException',
    'RequestThrottled',
  ]);
});

test('faults.conflict is 409 in S3 and a cancelled transaction in DynamoDB', async () => {
  const id = await failCalls({ principal, every: 1, kinds: ['conflict'] });
  const put = s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', IfNoneMatch: '*' }));
  await expect(put).rejects.toMatchObject({
    name: 'ConditionalRequestConflict',
    $metadata: { httpStatusCode: 409 },
  });
  const transaction = dynamo.send(new TransactWriteItemsCommand({ TransactItems: [item('a'), item('b')] }));
  await expect(transaction).rejects.toMatchObject({
    name: 'TransactionCanceledException',
    CancellationReasons: [{ Code: 'TransactionConflict' }, { Code: 'None' }],
  });
  await healCalls(id);
});

test('faults.lost is done and not answered', async () => {
  const id = await failCalls({ principal, every: 1, most: 1, kinds: ['lost'] });
  expect(
    await nameOf(s3.send(new PutObjectCommand({ Bucket, Key: 'lost', Body: 'x', IfNoneMatch: '*' }))),
  ).not.toBe('done');
  await healCalls(id);
  expect(await nameOf(s3.send(new GetObjectCommand({ Bucket, Key: 'lost' })))).toBe('done');
});

test('faults.seed fails the same calls again, one in so many', async () => {
  const round = async () => {
    const id = await failCalls({ principal, service: 's3', operation: 'List.*', every: 5, seed: 7 });
    const outcomes: string[] = [];
    for (let call = 0; call < 60; call++)
      outcomes.push(await nameOf(s3.send(new ListObjectsV2Command({ Bucket }))));
    const count = (await faultCounts()).find(rule => rule.id === id);
    await healCalls(id);
    expect(count).toEqual({ id, calls: 60, failures: outcomes.filter(name => name !== 'done').length });
    return outcomes;
  };
  const first = await round();
  expect(await round()).toEqual(first);
  expect(first.filter(name => name !== 'done').length).toBeGreaterThan(5);
  expect(first.filter(name => name !== 'done').length).toBeLessThan(25);
}, 60_000);

test('requests.permissions are what IAM asks for', async () => {
  await forgetRequests(principal);
  await s3.send(new PutObjectCommand({ Bucket, Key: 'a b/ü', Body: 'x' }));
  await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'a b/' }));
  await s3.send(
    new DeleteObjectsCommand({
      Bucket,
      Delete: { Objects: [{ Key: 'a b/ü' }, { Key: 'x&y', VersionId: 'v' }] },
    }),
  );
  await dynamo.send(
    new TransactWriteItemsCommand({
      TransactItems: [
        item('t'),
        {
          ConditionCheck: {
            TableName,
            Key: { id: { S: 'c' } },
            ConditionExpression: 'attribute_not_exists(id)',
          },
        },
      ],
    }),
  );
  await nameOf(glue.send(new GetTableCommand({ DatabaseName: 'd', Name: 't' })));
  const needed = (await requestsOf(principal)).flatMap(request => request.permissions);
  const bucket = `arn:aws:s3:::${Bucket}`;
  const table = `arn:aws:dynamodb:us-east-1:123456789012:table/${TableName}`;
  const catalog = 'arn:aws:glue:us-east-1:123456789012';
  expect(needed).toEqual([
    { action: 's3:PutObject', resource: `${bucket}/a b/ü`, context: {} },
    { action: 's3:ListBucket', resource: bucket, context: { 's3:prefix': 'a b/' } },
    { action: 's3:DeleteObject', resource: `${bucket}/a b/ü`, context: {} },
    { action: 's3:DeleteObjectVersion', resource: `${bucket}/x&y`, context: {} },
    { action: 'dynamodb:PutItem', resource: table, context: {} },
    { action: 'dynamodb:ConditionCheckItem', resource: table, context: {} },
    { action: 'glue:GetTable', resource: `${catalog}:catalog`, context: {} },
    { action: 'glue:GetTable', resource: `${catalog}:database/d`, context: {} },
    { action: 'glue:GetTable', resource: `${catalog}:table/d/t`, context: {} },
  ]);
  expect((await requestsOf(principal)).at(-1)).toMatchObject({ service: 'glue', status: 400 });
});

import {
  DeleteTableCommand as DeleteLedgerCommand,
  type DynamoDBClient,
  paginateListTables,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { DeleteDatabaseCommand, GetDatabaseCommand, type GlueClient } from '@aws-sdk/client-glue';
import { DeleteStreamCommand, type KinesisClient, paginateListStreams } from '@aws-sdk/client-kinesis';
import {
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  paginateListBuckets,
  type S3Client,
} from '@aws-sdk/client-s3';
import { awsFailed } from './errors';
import { nameOf } from './failures';
import { credentialsMissing, isSignedOut } from './stack-errors';

/** The services that hold what a lake leaves behind. */
export interface RetainedClients {
  readonly s3: S3Client;
  readonly dynamo: DynamoDBClient;
  readonly glue: GlueClient;
  readonly kinesis: KinesisClient;
}

/** Every bucket, table and stream of the account and region by its name. */
export async function accountNames({
  s3,
  dynamo,
  kinesis,
}: RetainedClients): Promise<{ buckets: string[]; ledgers: string[]; streams: string[] }> {
  const names = { buckets: [] as string[], ledgers: [] as string[], streams: [] as string[] };
  for await (const { Buckets = [] } of paginateListBuckets({ client: s3 }, {}))
    names.buckets.push(...Buckets.map(bucket => bucket.Name ?? ''));
  for await (const { TableNames = [] } of paginateListTables({ client: dynamo }, {}))
    names.ledgers.push(...TableNames);
  for await (const { StreamNames = [] } of paginateListStreams({ client: kinesis }, {}))
    names.streams.push(...StreamNames);
  return names;
}

/** Empties a bucket of every version and takes it away. What is gone already is fine: a removal may be run again. */
export async function removeBucket(s3: S3Client, bucket: string): Promise<void> {
  await unlessGone(`bucket ${bucket}`, async () => {
    // Its policy denies the removal of deltas to everybody but vacuum.
    await s3.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
    for (;;) {
      const { Versions = [], DeleteMarkers = [] } = await s3.send(
        new ListObjectVersionsCommand({ Bucket: bucket }),
      );
      const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
      if (Objects.length === 0) break;
      const { Errors = [] } = await s3.send(
        new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
      );
      if (Errors.length > 0) throw new Error(`${Errors[0]!.Key}: ${Errors[0]!.Message}`);
    }
    await s3.send(new DeleteBucketCommand({ Bucket: bucket }));
  });
}

export async function removeLedger(dynamo: DynamoDBClient, table: string): Promise<void> {
  await unlessGone(`table ${table}`, async () => {
    await dynamo.send(new UpdateTableCommand({ TableName: table, DeletionProtectionEnabled: false }));
    await dynamo.send(new DeleteLedgerCommand({ TableName: table }));
  });
}

/** With the entries of its tables. */
export async function removeDatabase(glue: GlueClient, database: string): Promise<void> {
  await unlessGone(`database ${database}`, () => glue.send(new DeleteDatabaseCommand({ Name: database })));
}

export async function removeStream(kinesis: KinesisClient, stream: string): Promise<void> {
  const order = { StreamName: stream, EnforceConsumerDeletion: true };
  await unlessGone(`stream ${stream}`, () => kinesis.send(new DeleteStreamCommand(order)));
}

export async function databaseExists(glue: GlueClient, name: string): Promise<boolean> {
  let found = false;
  await unlessGone(`database ${name}`, async () => {
    found = (await glue.send(new GetDatabaseCommand({ Name: name }))).Database !== undefined;
  });
  return found;
}

const GONE = ['NoSuchBucket', 'ResourceNotFoundException', 'EntityNotFoundException'];

async function unlessGone(what: string, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (isSignedOut(error)) throw credentialsMissing(error);
    if (!GONE.includes(nameOf(error))) throw awsFailed('the call', what, error);
  }
}

import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ResolvedLake } from '../../config/resolved';
import { PREFIXES } from '../prefixes';
import type { Storage } from '../storage/storage';
import { RESULTS } from '../storage/workgroups';
import type { WorkQueue } from '../work-queue';

/** What a right is about. */
export interface Grounds {
  readonly storage: Storage;
  readonly queues: Readonly<Record<'ingest' | 'merge' | 'report', WorkQueue>>;
  readonly loads?: ResolvedLake['deploy']['loads'];
}

/** Something a function may do, as statements on named resources. */
export type Right = (grounds: Grounds) => PolicyStatement[];

type Prefix = (typeof PREFIXES)[keyof typeof PREFIXES];

const allow = (actions: string[], resources: string[], conditions?: Record<string, Record<string, string>>) =>
  new PolicyStatement({ actions, resources, ...(conditions ? { conditions } : {}) });

const objects = ({ storage }: Grounds, prefixes: readonly Prefix[]) =>
  prefixes.map(prefix => storage.buckets.lake.arnForObjects(`${prefix}*`));

/** Items of the ledger. A transaction is no action of its own: each of its puts, updates and deletes is. */
export const ledger: Right = ({ storage }) => [
  allow(
    ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'].map(a => `dynamodb:${a}`),
    [storage.ledger.tableArn],
  ),
];

/** Without ListBucket, S3 says 403 of an object that is missing, and nobody could tell it from one that is refused. */
const reads =
  (...prefixes: Prefix[]): Right =>
  grounds => [
    allow(['s3:ListBucket'], [grounds.storage.buckets.lake.bucketArn]),
    allow(['s3:GetObject'], objects(grounds, prefixes)),
  ];

/** What tables are, and where their files stand. A table's folder may stand below others: `staging/<table>/`. */
export const readsMetadata = reads(PREFIXES.metadata);
/** The rows of tables too; those of logs are deltas. */
export const readsTables = reads(PREFIXES.metadata, PREFIXES.data, PREFIXES.deltas);

export const readsLanding: Right = ({ storage }) => [
  allow(['s3:ListBucket'], [storage.buckets.landing.bucketArn]),
  allow(['s3:GetObject'], [storage.buckets.landing.arnForObjects('*')]),
];

export const listsLanding: Right = ({ storage }) => [
  allow(['s3:ListBucket'], [storage.buckets.landing.bucketArn]),
];

/**
 * A put whose answer got lost is settled by a look at what stands there. Copying a range of an object into another is
 * a read of the one and a put of the other.
 */
const puts =
  (...prefixes: Prefix[]): Right =>
  grounds => [allow(['s3:PutObject', 's3:GetObject', 's3:AbortMultipartUpload'], objects(grounds, prefixes))];

/** Deltas, and a copy of what cannot be taken in. */
export const writesDeltas = puts(PREFIXES.deltas, PREFIXES.quarantine);
/** A table's metadata: ingest commits a changed schema before the delta that needs it. */
export const writesMetadata = puts(PREFIXES.metadata);
export const writesTables = puts(PREFIXES.metadata, PREFIXES.data);
/** A load's parts are deltas, its packs files of the table. */
export const writesLoads = puts(PREFIXES.metadata, PREFIXES.data, PREFIXES.deltas);
/** Deltas of a log joined into larger files; deltas themselves are ingest's. */
export const writesJoined = puts(PREFIXES.joined);
/** What a report's statement writes, until it is adopted. */
export const writesStaging = puts(PREFIXES.staging);

/** Entries of tables and views in the lake's database. Glue asks for a right on the table and all that it stands in. */
export const catalog =
  (...actions: ('GetTable' | 'GetTables' | 'CreateTable' | 'UpdateTable')[]): Right =>
  grounds => [
    allow(
      actions.map(action => `glue:${action}`),
      catalogArns(grounds, grounds.storage.databases.tables),
    ),
  ];

/** Tables that wait to be adopted; taking an entry out leaves the files, which another table owns by then. */
export const stagingCatalog: Right = grounds => [
  allow(
    ['GetDatabase', 'GetTable', 'GetTables', 'CreateTable', 'UpdateTable', 'DeleteTable'].map(
      a => `glue:${a}`,
    ),
    catalogArns(grounds, grounds.storage.databases.staging),
  ),
];

function catalogArns(grounds: Grounds, database: string): string[] {
  return [
    glueArn(grounds, 'catalog'),
    glueArn(grounds, 'database', database),
    glueArn(grounds, 'table', `${database}/*`),
  ];
}

function glueArn({ storage }: Grounds, resource: string, resourceName?: string): string {
  return Stack.of(storage).formatArn({
    service: 'glue',
    resource,
    ...(resourceName ? { resourceName } : {}),
  });
}

/** Starts statements in the lake's own workgroup, and asks after them. Nobody waits for one. */
export const startsQueries: Right = grounds => [
  allow(['athena:StartQueryExecution', 'athena:GetQueryExecution'], [systemWorkgroup(grounds)]),
];

export const readsAnswers: Right = grounds => [allow(['athena:GetQueryResults'], [systemWorkgroup(grounds)])];

function systemWorkgroup({ storage }: Grounds): string {
  const { system } = storage.workgroups;
  return Stack.of(storage).formatArn({ service: 'athena', resource: 'workgroup', resourceName: system });
}

/**
 * What Athena does in its caller's name, for any statement: find the buckets, read tables, write its answer. It looks
 * for the database `default` whatever the statement speaks of.
 * Source: Athena User Guide, s3-permissions.html and fine-grained-access-to-glue-resources.html.
 */
export const queriesLake: Right = grounds => {
  const { lake, results } = grounds.storage.buckets;
  return [
    allow(['s3:GetBucketLocation', 's3:ListBucketMultipartUploads'], [lake.bucketArn, results.bucketArn]),
    allow(['s3:ListBucket'], [results.bucketArn]),
    allow(
      ['GetObject', 'PutObject', 'AbortMultipartUpload', 'ListMultipartUploadParts'].map(
        action => `s3:${action}`,
      ),
      [results.arnForObjects(`${RESULTS.system}*`)],
    ),
    allow(
      ['GetDatabase', 'GetTable', 'GetTables', 'GetPartitions', 'GetPartition', 'BatchGetPartition'].map(
        action => `glue:${action}`,
      ),
      catalogArns(grounds, grounds.storage.databases.tables),
    ),
    allow(['glue:GetDatabase'], [glueArn(grounds, 'database', 'default')]),
  ];
};

/**
 * What Athena does beyond it for CREATE TABLE AS and INSERT INTO: an entry whose statement failed is taken out again.
 * Source: Athena User Guide, fine-grained-access-to-glue-resources.html.
 */
export const buildsTables: Right = grounds => [
  allow(['glue:DeleteTable'], catalogArns(grounds, grounds.storage.databases.tables)),
  allow(
    ['s3:ListMultipartUploadParts'],
    objects(grounds, [PREFIXES.metadata, PREFIXES.data, PREFIXES.staging]),
  ),
];

/** Vacuum's and erase's alone. */
export const removes: Right = grounds => [
  allow(
    ['s3:DeleteObject'],
    objects(grounds, [
      ...[PREFIXES.metadata, PREFIXES.data, PREFIXES.deltas],
      ...[PREFIXES.staging, PREFIXES.quarantine],
    ]),
  ),
];

export const sends =
  (...names: (keyof Grounds['queues'])[]): Right =>
  ({ queues }) => [
    allow(
      ['sqs:SendMessage'],
      names.map(name => queues[name].queue.queueArn),
    ),
  ];

/** Batches that failed for good are put where replay finds them; Lambda does it in the function's name. */
export const keepsFailedBatches: Right = grounds => [
  allow(['s3:PutObject'], objects(grounds, [PREFIXES.failedBatches])),
];

/**
 * Buckets, ledger and streams encrypted by the user's own key are opened by it, through the services that hold them.
 * No statement where AWS's keys encrypt.
 */
export const opensKey: Right = ({ storage }) => {
  if (!storage.key) return [];
  const { region } = Stack.of(storage);
  const services = ['s3', 'dynamodb', 'kinesis'].map(service => `${service}.${region}.amazonaws.com`);
  return [
    new PolicyStatement({
      actions: ['Decrypt', 'Encrypt', 'GenerateDataKey', 'DescribeKey'].map(action => `kms:${action}`),
      resources: [storage.key.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': services } },
    }),
  ];
};

/** Streams of the account under a key that is not the lake's: read through Kinesis, and no other way. */
export const opensStreams: Right = ({ storage }) => {
  const keys = new Set(Object.values(storage.streamKeys));
  if (storage.key) keys.delete(storage.key.keyArn);
  const through = { StringEquals: { 'kms:ViaService': `kinesis.${Stack.of(storage).region}.amazonaws.com` } };
  return keys.size === 0 ? [] : [allow(['kms:Decrypt'], [...keys], through)];
};

/** Where Lake Formation governs, it hands out the data itself; it knows no resource to name here. */
export const governed: Right = ({ storage }) =>
  storage.permissions === 'lake-formation' ? [allow(['lakeformation:GetDataAccess'], ['*'])] : [];

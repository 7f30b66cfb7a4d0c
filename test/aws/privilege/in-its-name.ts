import { databaseNames, outputName, workgroupNames } from '../../../lib/config/deployed';
import { PREFIXES } from '../../../lib/constructs/prefixes';
import type { DeployedLake } from '../deployed-lake';
import { ACCOUNT, REGION } from '../deployer/intrinsics';
import { ofType } from '../deployer/resource';
import type { Asked } from './evaluate';

/** What a service does with a function's rights and no call of the function shows. */
export interface Need {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** The page that says so. */
  readonly source: string;
}

const ATHENA = 'https://docs.aws.amazon.com/athena/latest/ug';
const LAMBDA = 'https://docs.aws.amazon.com/lambda/latest/dg';

/** Kinds of statements that functions start. */
type Kind = 'select' | 'view' | 'create' | 'insert';

/** What each function starts; one that is not here starts nothing. */
const STATEMENTS: Readonly<Record<string, readonly Kind[]>> = {
  merge: ['view'],
  sweep: ['view'],
  report: ['select', 'create', 'insert', 'view'],
};

const glue = (...actions: string[]) => actions.map(action => `glue:${action}`);
const s3 = (...actions: string[]) => actions.map(action => `s3:${action}`);

/** What Athena does for the statements of a function that starts any. */
export function athenaNeeds(lake: DeployedLake, name: string): Need[] {
  const bucket = lake.deployed.outputs[outputName(lake.name, 'LakeBucket')]!;
  return needsOf(STATEMENTS[name] ?? [], { name: lake.name, bucket, answers: outputLocation(lake) });
}

/** What Athena does for someone who queries the tables of a lake, and changes none. */
export function readerNeeds(where: Where): Need[] {
  return needsOf(['select'], where);
}

function needsOf(kinds: readonly Kind[], where: Where): Need[] {
  if (kinds.length === 0) return [];
  const place = placesOf(where);
  return [...everyStatement(place), ...kinds.flatMap(kind => NEEDS[kind](place))];
}

/** Where a lake stands. */
export interface Where {
  readonly name: string;
  /** The bucket of its tables. */
  readonly bucket: string;
  /** Where the workgroup puts its answers: `bucket/folder/`. */
  readonly answers: string;
}

type Places = ReturnType<typeof placesOf>;

function placesOf({ name, bucket, answers }: Where) {
  const database = (of: string) => [
    ...['catalog', `database/${of}`].map(resource => `arn:aws:glue:${REGION}:${ACCOUNT}:${resource}`),
    `arn:aws:glue:${REGION}:${ACCOUNT}:table/${of}/a_table`,
  ];
  const { tables, staging } = databaseNames(name);
  const lake = `arn:aws:s3:::${bucket}`;
  const below = (...prefixes: string[]) =>
    prefixes.map(prefix => `${lake}/${prefix.replace('*', 'a_table')}some/object`);
  return {
    lake,
    results: `arn:aws:s3:::${answers.slice(0, answers.indexOf('/'))}`,
    answer: `arn:aws:s3:::${answers}some/answer.csv`,
    tables: database(tables),
    staging: database(staging),
    metadata: below(PREFIXES.metadata),
    /** Rows of tables; those of logs are deltas. */
    rows: below(PREFIXES.data, PREFIXES.deltas),
    written: below(PREFIXES.metadata, PREFIXES.data),
    staged: below(PREFIXES.staging),
  };
}

/** Where the lake's own workgroup puts its answers: `bucket/folder/`. */
function outputLocation({ name, deployed: { resources } }: DeployedLake): string {
  const { system } = workgroupNames(name);
  const workgroup = ofType(resources, 'AWS::Athena::WorkGroup').find(({ ref }) => ref === system)!;
  const { ResultConfiguration } = workgroup.properties.WorkGroupConfiguration as {
    ResultConfiguration: { OutputLocation: string };
  };
  return ResultConfiguration.OutputLocation.replace('s3://', '');
}

const everyStatement = ({ lake, results, answer, tables, metadata }: Places): Need[] => [
  {
    actions: s3('GetBucketLocation', 'ListBucket', 'ListBucketMultipartUploads'),
    resources: [results],
    source: `${ATHENA}/managed-policies.html (AmazonAthenaFullAccess, on the bucket of query results)`,
  },
  {
    actions: s3('GetObject', 'PutObject', 'AbortMultipartUpload', 'ListMultipartUploadParts'),
    resources: [answer],
    source: `${ATHENA}/managed-policies.html (AmazonAthenaFullAccess, on the bucket of query results)`,
  },
  {
    actions: glue(
      'GetDatabase',
      'GetTable',
      'GetTables',
      'GetPartition',
      'GetPartitions',
      'BatchGetPartition',
    ),
    resources: tables,
    source: `${ATHENA}/fine-grained-access-to-glue-resources.html (a table, and its ancestors)`,
  },
  {
    actions: glue('GetDatabase'),
    resources: [`arn:aws:glue:${REGION}:${ACCOUNT}:database/default`],
    source: `${ATHENA}/fine-grained-access-to-glue-resources.html (access to the default database)`,
  },
  {
    actions: s3('GetBucketLocation', 'ListBucket', 'ListBucketMultipartUploads'),
    resources: [lake],
    source: `${ATHENA}/s3-permissions.html (whoever queries has access to where the data stands)`,
  },
  {
    actions: s3('GetObject'),
    resources: metadata,
    source: `${ATHENA}/s3-permissions.html (whoever queries has access to where the data stands)`,
  },
];

const reading = (rows: readonly string[]): Need => ({
  actions: s3('GetObject'),
  resources: rows,
  source: `${ATHENA}/s3-permissions.html (whoever queries has access to where the data stands)`,
});

const writing = (files: readonly string[]): Need => ({
  actions: s3('GetObject', 'PutObject', 'AbortMultipartUpload', 'ListMultipartUploadParts'),
  resources: files,
  source: `${ATHENA}/s3-permissions.html (whoever makes tables has access to where they are written)`,
});

const NEEDS: Readonly<Record<Kind, (places: Places) => Need[]>> = {
  // Files that a report adopted stay where they were staged.
  select: ({ rows, staged }) => [reading([...rows, ...staged])],
  view: ({ tables }) => [
    {
      actions: glue('GetDatabase', 'GetTable', 'CreateTable', 'UpdateTable'),
      resources: tables,
      source: `${ATHENA}/fine-grained-access-to-glue-resources.html (CREATE TABLE: a view is an entry as a table is)`,
    },
  ],
  create: ({ tables, written, rows }) => [
    reading(rows),
    {
      actions: glue('GetDatabase', 'GetTable', 'CreateTable', 'UpdateTable', 'DeleteTable'),
      resources: tables,
      source: `${ATHENA}/fine-grained-access-to-glue-resources.html (CREATE TABLE; one that failed is taken out)`,
    },
    writing(written),
  ],
  // Into the report itself, or into a table that waits to be adopted.
  insert: ({ tables, staging, written, staged, rows }) => [
    reading(rows),
    {
      actions: glue('GetDatabase', 'GetTable', 'UpdateTable'),
      resources: [...new Set([...tables, ...staging])],
      source: `${ATHENA}/querying-iceberg.html (a commit is a new metadata location in the table's entry)`,
    },
    writing([...written, ...staged]),
  ],
};

/** What Lambda does for a function's event sources and its log. */
export function lambdaNeeds({ deployed: { resources } }: DeployedLake, name: string): Need[] {
  const lambda = ofType(resources, 'AWS::Lambda::Function').find(({ path }) => path.includes(`/${name}/`))!;
  const sources = ofType(resources, 'AWS::Lambda::EventSourceMapping').filter(
    ({ properties }) => properties.FunctionName === lambda.ref,
  );
  const group = (lambda.properties.LoggingConfig as { LogGroup: string }).LogGroup;
  const log = ofType(resources, 'AWS::Logs::LogGroup').find(({ ref }) => ref === group)!;
  return [
    {
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [log.attributes.Arn!],
      source: `${LAMBDA}/monitoring-cloudwatchlogs.html`,
    },
    ...sources.flatMap(({ properties }) => sourceNeeds(properties)),
  ];
}

function sourceNeeds(properties: Readonly<Record<string, unknown>>): Need[] {
  const source = properties.EventSourceArn as string;
  if (source.startsWith('arn:aws:sqs:')) {
    const actions = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];
    return [{ actions, resources: [source], source: `${LAMBDA}/services-sqs-configure.html` }];
  }
  const { OnFailure } = properties.DestinationConfig as { OnFailure: { Destination: string } };
  const kept = OnFailure.Destination;
  return [
    {
      actions: [
        'DescribeStream',
        'DescribeStreamSummary',
        'GetRecords',
        'GetShardIterator',
        'ListShards',
      ].map(action => `kinesis:${action}`),
      resources: [source],
      source: `${LAMBDA}/services-kinesis-create.html`,
    },
    {
      actions: ['s3:PutObject'],
      resources: [`${kept}/aws/lambda/mapping/shardId-000000000000/2026/01/01/failure.json`],
      source: `${LAMBDA}/kinesis-on-failure-destination.html`,
    },
    {
      actions: ['s3:ListBucket'],
      resources: [kept],
      source: `${LAMBDA}/kinesis-on-failure-destination.html`,
    },
  ];
}

/** Each action on each resource. */
export function askedFor({ actions, resources }: Need): Asked[] {
  return actions.flatMap(action => resources.map(resource => ({ action, resource, context: {} })));
}

import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { PREFIXES } from '../prefixes';
import type { Storage } from './storage';
import { RESULTS } from './workgroups';

/** What a person needs to query the lake in the people's workgroup: to read every table, and change none. */
export function queryRights(storage: Storage): PolicyStatement[] {
  const { lake, results } = storage.buckets;
  const { tables } = storage.databases;
  const arn = (service: string, resource: string, resourceName?: string) =>
    Stack.of(storage).formatArn({ service, resource, ...(resourceName ? { resourceName } : {}) });
  const allow = (actions: string[], resources: string[]) => new PolicyStatement({ actions, resources });
  const read = [PREFIXES.deltas, PREFIXES.staging, PREFIXES.metadata, PREFIXES.data];
  return [
    allow(ATHENA, [arn('athena', 'workgroup', storage.workgroups.people)]),
    allow(LISTS, ['*']),
    allow(CATALOG, [arn('athena', 'datacatalog', 'AwsDataCatalog')]),
    allow(GLUE, [
      arn('glue', 'catalog'),
      arn('glue', 'database', tables),
      arn('glue', 'table', `${tables}/*`),
    ]),
    // Athena looks for it whatever a statement speaks of.
    allow(['glue:GetDatabase'], [arn('glue', 'database', 'default')]),
    allow(BUCKET, [lake.bucketArn, results.bucketArn]),
    allow(
      ['s3:GetObject'],
      read.map(prefix => lake.arnForObjects(`${prefix}*`)),
    ),
    allow(RESULT, [results.arnForObjects(`${RESULTS.people}*`)]),
    ...(storage.key ? [allow(['kms:Decrypt', 'kms:GenerateDataKey'], [storage.key.keyArn])] : []),
    ...(storage.permissions === 'lake-formation' ? [allow(['lakeformation:GetDataAccess'], ['*'])] : []),
  ];
}

const ATHENA = [
  ...['StartQueryExecution', 'StopQueryExecution', 'GetQueryExecution', 'BatchGetQueryExecution'],
  ...['ListQueryExecutions', 'GetQueryResults', 'GetQueryResultsStream', 'GetWorkGroup'],
].map(action => `athena:${action}`);

/**
 * What the console's editor and drivers ask beside queries: which workgroups and catalogs there are, and what is in one.
 * The lists know no resource to name.
 * @see https://docs.aws.amazon.com/athena/latest/ug/example-policies-workgroup.html
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonathena.html
 */
const LISTS = ['ListWorkGroups', 'ListEngineVersions', 'ListDataCatalogs'].map(action => `athena:${action}`);

const CATALOG = [
  ...['GetDataCatalog', 'ListDatabases', 'GetDatabase', 'ListTableMetadata', 'GetTableMetadata'],
].map(action => `athena:${action}`);

const GLUE = [
  ...['GetDatabase', 'GetDatabases', 'GetTable', 'GetTables'],
  ...['GetPartition', 'GetPartitions', 'BatchGetPartition'],
].map(action => `glue:${action}`);

const BUCKET = ['GetBucketLocation', 'ListBucket', 'ListBucketMultipartUploads'].map(
  action => `s3:${action}`,
);

const RESULT = ['GetObject', 'PutObject', 'AbortMultipartUpload', 'ListMultipartUploadParts'].map(
  action => `s3:${action}`,
);

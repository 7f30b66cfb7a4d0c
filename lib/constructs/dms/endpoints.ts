import { Stack } from 'aws-cdk-lib';
import { CfnEndpoint } from 'aws-cdk-lib/aws-dms';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { DMS_NULL_LITERAL, DMS_TIMESTAMP_COLUMN } from '../../config/dms-format';
import { acknowledgeWildcards } from '../acknowledged';
import type { Storage } from '../storage/storage';
import type { DmsSource } from './source';

/** The MySQL database, whose address and password DMS reads from the secret by itself. */
export function sourceEndpoint(scope: Construct, source: DmsSource): CfnEndpoint {
  const { secretArn, secretKmsKeyArn, certificateArn } = source;
  const statements = [
    new PolicyStatement({
      actions: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'],
      resources: [secretArn],
    }),
    ...opensSecret(scope, secretKmsKeyArn),
  ];
  const role = new Role(scope, 'SecretRole', {
    // Secrets are read by the service of the region, everything else by the one without.
    assumedBy: new ServicePrincipal(`dms.${Stack.of(scope).region}.amazonaws.com`),
    inlinePolicies: { Secret: new PolicyDocument({ statements }) },
  });
  return new CfnEndpoint(scope, 'Source', {
    endpointType: 'source',
    engineName: 'mysql',
    ...(certificateArn === undefined ? {} : { sslMode: 'verify-ca', certificateArn }),
    mySqlSettings: { secretsManagerSecretId: secretArn, secretsManagerAccessRoleArn: role.roleArn },
  });
}

/**
 * A secret under a key of the account is decrypted by Secrets Manager in the name of who reads it.
 * Source: DMS User Guide, security_iam_secretsmanager.html.
 */
function opensSecret(scope: Construct, keyArn: string | undefined): PolicyStatement[] {
  if (keyArn === undefined) return [];
  const service = `secretsmanager.${Stack.of(scope).region}.amazonaws.com`;
  const resources = [keyArn];
  const conditions = { StringEquals: { 'kms:ViaService': service } };
  return [
    new PolicyStatement({ actions: ['kms:Decrypt'], resources, conditions }),
    new PolicyStatement({ actions: ['kms:DescribeKey'], resources }),
  ];
}

/** What DMS writes into: the landing bucket, or the stream of a source. `name` is the replication's own. */
export function targetEndpoint(
  scope: Construct,
  name: string,
  source: DmsSource,
  storage: Storage,
): CfnEndpoint {
  return source.kind === 'dms-s3'
    ? landingEndpoint(scope, name, source.fileFormat, storage)
    : streamEndpoint(scope, source.stream, storage);
}

function landingEndpoint(
  scope: Construct,
  name: string,
  fileFormat: 'parquet' | 'csv',
  { buckets: { landing }, key }: Storage,
): CfnEndpoint {
  const role = targetRole(scope, [
    new PolicyStatement({ actions: ['s3:ListBucket'], resources: [landing.bucketArn] }),
    new PolicyStatement({
      // DMS tests its target by an object that it deletes again.
      actions: ['s3:PutObject', 's3:PutObjectTagging', 's3:DeleteObject'],
      resources: [landing.arnForObjects('*')],
    }),
    ...usesKey(key?.keyArn),
  ]);
  return new CfnEndpoint(scope, 'Target', {
    endpointType: 'target',
    engineName: 's3',
    s3Settings: {
      bucketName: landing.bucketName,
      // Two replications may know tables of one name.
      bucketFolder: name,
      serviceAccessRoleArn: role.roleArn,
      expectedBucketOwner: Stack.of(scope).account,
      ...(key
        ? { encryptionMode: 'sse-kms', serverSideEncryptionKmsKeyId: key.keyArn }
        : { encryptionMode: 'sse-s3' }),
      ...(fileFormat === 'csv' ? CSV : PARQUET),
      includeOpForFullLoad: true,
      timestampColumnName: DMS_TIMESTAMP_COLUMN,
      // A load's rows bear its start, and sort before every change that follows.
      useTaskStartTimeForFullLoadTimestamp: true,
      cdcMaxBatchInterval: 60,
    },
  });
}

const PARQUET = { dataFormat: 'parquet', parquetTimestampInMillisecond: false } as const;

/** With names in a header: a column dropped and one added leave the width as it was, and shift every value. */
const CSV = {
  dataFormat: 'csv',
  addColumnName: true,
  rfc4180: true,
  csvNullValue: DMS_NULL_LITERAL,
  maxFileSize: 131_072,
} as const;

function streamEndpoint(scope: Construct, stream: string, storage: Storage): CfnEndpoint {
  const { streams, streamKeys } = storage;
  const { streamArn } = streams[stream]!;
  const role = targetRole(scope, [
    new PolicyStatement({
      actions: ['kinesis:PutRecord', 'kinesis:PutRecords', 'kinesis:DescribeStream'],
      resources: [streamArn],
    }),
    ...usesKey(streamKeys[stream]),
  ]);
  return new CfnEndpoint(scope, 'Target', {
    endpointType: 'target',
    engineName: 'kinesis',
    kinesisSettings: {
      streamArn,
      serviceAccessRoleArn: role.roleArn,
      messageFormat: 'json-unformatted',
      // A column that is left out would be one that did not change.
      includeNullAndEmpty: true,
      includeTransactionDetails: true,
      includeControlDetails: true,
      includeTableAlterOperations: true,
    },
    // Integers beyond 16 digits would come as rounded decimals.
    extraConnectionAttributes: 'UseLargeIntegerValue=true',
  });
}

const usesKey = (keyArn: string | undefined) =>
  keyArn === undefined
    ? []
    : [new PolicyStatement({ actions: ['kms:GenerateDataKey', 'kms:Decrypt'], resources: [keyArn] })];

/** A role that DMS takes on for this account's replications, and for nobody else's. */
function targetRole(scope: Construct, statements: PolicyStatement[]): Role {
  const conditions = { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } };
  const assumedBy = new ServicePrincipal('dms.amazonaws.com', { conditions });
  const inlinePolicies = { Target: new PolicyDocument({ statements }) };
  const role = new Role(scope, 'TargetRole', { assumedBy, inlinePolicies });
  acknowledgeWildcards(role, statements);
  return role;
}

import type { RecordedRequest } from '../stand-ins/controls';
import type { Asked } from './evaluate';

/**
 * The operations whose needs the stand-ins know (stand-ins/front/permissions.mjs). A call of another one fails the
 * test: somebody has to read what it asks IAM for.
 */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  s3: [
    ...['GetObject', 'HeadObject', 'PutObject', 'DeleteObject', 'DeleteObjects', 'ListObjectsV2'],
    ...['CreateMultipartUpload', 'UploadPart', 'UploadPartCopy', 'CompleteMultipartUpload'],
    'AbortMultipartUpload',
  ],
  dynamodb: ['GetItem', 'Query', 'TransactWriteItems'],
  glue: ['GetTable', 'GetTables', 'CreateTable', 'UpdateTable', 'DeleteTable'],
  kinesis: ['DescribeStreamSummary', 'ListShards', 'PutRecords', 'GetShardIterator', 'GetRecords'],
  sqs: ['SendMessage', 'ReceiveMessage', 'ChangeMessageVisibility'],
  athena: ['StartQueryExecution', 'GetQueryExecution', 'GetQueryResults'],
};

/** @throws when the needs of a call are not known */
export function askedBy(request: RecordedRequest): Asked[] {
  const { service, operation, permissions } = request;
  if (!KNOWN[service]?.includes(operation))
    throw new Error(`the needs of ${service}:${operation} are not known`);
  for (const { action, resource } of permissions)
    if (resource === '*') throw new Error(`${action} names no resource`);
  return [...permissions, ...toHearOfMissing(request)];
}

/**
 * S3 says that a key is missing only to those who may list the bucket; others hear of a refusal.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
function toHearOfMissing({ service, operation, bucket, status }: RecordedRequest): Asked[] {
  const reads = operation === 'GetObject' || operation === 'HeadObject';
  if (service !== 's3' || !reads || status !== 404) return [];
  return [{ action: 's3:ListBucket', resource: `arn:aws:s3:::${bucket}`, context: {} }];
}

/** What a request of the SDK has beside the keys of its own call. */
export function withCaller({ context, ...asked }: Asked, arn: string): Asked {
  const caller = {
    'aws:PrincipalArn': arn,
    'aws:SourceAccount': arn.split(':')[4]!,
    'aws:SecureTransport': 'true',
  };
  return { ...asked, context: { ...caller, ...context } };
}

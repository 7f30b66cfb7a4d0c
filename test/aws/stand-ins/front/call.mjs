// What an HTTP request is as a call of AWS: service, operation, principal and input.

const JSON_SERVICES = {
  DynamoDB_20120810: 'dynamodb',
  AWSGlue: 'glue',
  AmazonAthena: 'athena',
  Kinesis_20131202: 'kinesis',
  AmazonSQS: 'sqs',
};

/** S3's operations by method and the query parameter that tells them apart; the first that fits. */
const S3_OPERATIONS = [
  ['GET', 'uploads', 'ListMultipartUploads'],
  ['GET', 'uploadId', 'ListParts'],
  ['GET', 'versions', 'ListObjectVersions'],
  ['GET', 'location', 'GetBucketLocation'],
  ['GET', 'versioning', 'GetBucketVersioning'],
  ['GET', 'notification', 'GetBucketNotificationConfiguration'],
  ['GET', 'tagging', 'GetObjectTagging'],
  ['GET', 'attributes', 'GetObjectAttributes'],
  ['PUT', 'versioning', 'PutBucketVersioning'],
  ['PUT', 'notification', 'PutBucketNotificationConfiguration'],
  ['PUT', 'policy', 'PutBucketPolicy'],
  ['PUT', 'lifecycle', 'PutBucketLifecycleConfiguration'],
  ['PUT', 'encryption', 'PutBucketEncryption'],
  ['PUT', 'publicAccessBlock', 'PutPublicAccessBlock'],
  ['PUT', 'tagging', 'PutObjectTagging'],
  ['POST', 'uploads', 'CreateMultipartUpload'],
  ['POST', 'uploadId', 'CompleteMultipartUpload'],
  ['POST', 'delete', 'DeleteObjects'],
  ['DELETE', 'uploadId', 'AbortMultipartUpload'],
];

/** The credential scope of a signed request: { principal, region, service }. Unsigned: undefined. */
export function signer(headers, query) {
  const text = /Credential=([^,\s]+)/.exec(headers.authorization ?? '')?.[1] ?? query.get('X-Amz-Credential');
  if (!text) return undefined;
  const parts = text.split('/');
  // An access key id may hold slashes, the scope has four parts always.
  const [, region, service] = parts.slice(-4);
  return { principal: parts.slice(0, -4).join('/'), region, service };
}

/** Whether the body must be read whole to know the call. S3's objects go through as a stream. */
export function needsBody({ method, headers, url }) {
  return (
    headers['x-amz-target'] !== undefined || (method === 'POST' && !/[?&](uploads|uploadId)\b/.test(url))
  );
}

/**
 * @returns {{ service: string, operation: string, principal: string, region: string, method: string,
 *   bucket?: string, key?: string, query?: URLSearchParams, headers: object, input?: any }}
 */
export function callOf({ method, url, headers }, body) {
  const { pathname, searchParams: query } = new URL(url, 'http://stand-in');
  const { principal = 'anonymous', region = 'us-east-1', service } = signer(headers, query) ?? {};
  const known = { principal, region, method, headers };
  const target = headers['x-amz-target'];
  if (target !== undefined) {
    const [prefix, operation] = target.split('.');
    return { ...known, service: JSON_SERVICES[prefix] ?? service ?? prefix, operation, input: parsed(body) };
  }
  if (service !== undefined && service !== 's3') return { ...known, service, ...formCall(body) };
  return { ...known, service: 's3', ...s3Call(method, pathname, query, headers), body };
}

function parsed(body) {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined; // the service will say so itself
  }
}

function formCall(body) {
  const input = Object.fromEntries(new URLSearchParams(body?.toString() ?? ''));
  return { operation: input.Action ?? 'Unknown', input };
}

function s3Call(method, pathname, query, headers) {
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(decodeURIComponent(pathname)) ?? [];
  return { bucket, key, query, operation: s3Operation({ method, bucket, key, query, headers }) };
}

function s3Operation({ method, bucket, key, query, headers }) {
  const special = S3_OPERATIONS.find(([verb, parameter]) => verb === method && query.has(parameter));
  if (special !== undefined) return special[2];
  if (bucket === '') return 'ListBuckets';
  const copies = headers['x-amz-copy-source'] !== undefined;
  if (method === 'PUT' && query.has('partNumber')) return copies ? 'UploadPartCopy' : 'UploadPart';
  if (method === 'PUT' && copies) return 'CopyObject';
  const plain = { GET: 'GetObject', HEAD: 'HeadObject', PUT: 'PutObject', DELETE: 'DeleteObject' };
  const ofBucket = { GET: 'ListObjectsV2', HEAD: 'HeadBucket', PUT: 'CreateBucket', DELETE: 'DeleteBucket' };
  return (key === '' ? ofBucket : plain)[method] ?? method;
}

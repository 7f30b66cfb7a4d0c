// What a call needs by IAM: actions, resource ARNs and the condition keys that policies of a lake speak of.
// Source of all: the Service Authorization Reference (docs.aws.amazon.com/service-authorization/latest/reference),
// one page a service; for transactions of DynamoDB docs.aws.amazon.com/amazondynamodb/latest/developerguide/
// transaction-apis-iam.html.
const ACCOUNT = '123456789012';

/** @returns {{ action: string, resource: string, context: Record<string, string | string[]> }[]} */
export function permissionsOf(call) {
  const permissions = SERVICES[call.service]?.(call) ?? [[`${call.service}:${call.operation}`, '*']];
  return permissions.map(([action, resource, context = {}]) => ({ action, resource, context }));
}

const SERVICES = { s3, dynamodb, glue, kinesis, sqs, sns, athena };

const arn = (service, call, resource) => `arn:aws:${service}:${call.region}:${ACCOUNT}:${resource}`;

const S3_OF_BUCKET = {
  ListObjectsV2: 's3:ListBucket',
  ListObjects: 's3:ListBucket',
  HeadBucket: 's3:ListBucket',
  ListObjectVersions: 's3:ListBucketVersions',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
};

const S3_OF_OBJECT = {
  HeadObject: 's3:GetObject',
  UploadPart: 's3:PutObject',
  UploadPartCopy: 's3:PutObject',
  CopyObject: 's3:PutObject',
  CreateMultipartUpload: 's3:PutObject',
  CompleteMultipartUpload: 's3:PutObject',
  ListParts: 's3:ListMultipartUploadParts',
};

/** Actions that have a twin for a named version of an object. */
const S3_VERSIONED = new Set(['s3:GetObject', 's3:DeleteObject']);

function s3(call) {
  const bucket = `arn:aws:s3:::${call.bucket}`;
  if (call.operation === 'DeleteObjects') return deletedObjects(call, bucket);
  if (call.key === '') {
    const prefix = call.query.get('prefix');
    const action = S3_OF_BUCKET[call.operation] ?? `s3:${call.operation.replace('Configuration', '')}`;
    return [[action, bucket, prefix === null ? {} : { 's3:prefix': prefix }]];
  }
  const action = S3_OF_OBJECT[call.operation] ?? `s3:${call.operation}`;
  const context = call.headers['if-none-match'] === '*' ? { 's3:if-none-match': '*' } : {};
  const own = [versioned(action, call.query.get('versionId')), `${bucket}/${call.key}`, context];
  const source = call.headers['x-amz-copy-source'];
  return source === undefined ? [own] : [own, copied(source)];
}

const versioned = (action, version) => (version && S3_VERSIONED.has(action) ? `${action}Version` : action);

function copied(source) {
  const { pathname, searchParams } = new URL(source.replace(/^\/?/, '/'), 'http://stand-in');
  const action = versioned('s3:GetObject', searchParams.get('versionId'));
  return [action, `arn:aws:s3:::${decodeURIComponent(pathname).slice(1)}`];
}

function deletedObjects(call, bucket) {
  const objects = [...(call.body?.toString() ?? '').matchAll(/<Object>(.*?)<\/Object>/gs)];
  return objects.map(([, inside]) => {
    const key = unescaped(/<Key>(.*?)<\/Key>/s.exec(inside)?.[1] ?? '');
    const version = /<VersionId>(.*?)<\/VersionId>/s.exec(inside)?.[1];
    return [versioned('s3:DeleteObject', version), `${bucket}/${key}`];
  });
}

const ENTITIES = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
const unescaped = text =>
  text.replace(/&(?:#(\d+)|(\w+));/g, (all, code, name) =>
    code ? String.fromCodePoint(Number(code)) : (ENTITIES[name] ?? all),
  );

const TRANSACTED = {
  Put: 'dynamodb:PutItem',
  Update: 'dynamodb:UpdateItem',
  Delete: 'dynamodb:DeleteItem',
  ConditionCheck: 'dynamodb:ConditionCheckItem',
  Get: 'dynamodb:GetItem',
};

function dynamodb(call) {
  const input = call.input ?? {};
  const table = (name, index) => arn('dynamodb', call, `table/${name}${index ? `/index/${index}` : ''}`);
  if (input.TransactItems) {
    return input.TransactItems.flatMap(item =>
      Object.entries(item).map(([kind, one]) => [TRANSACTED[kind], table(one.TableName)]),
    );
  }
  if (input.RequestItems) {
    return Object.keys(input.RequestItems).map(name => [`dynamodb:${call.operation}`, table(name)]);
  }
  return [[`dynamodb:${call.operation}`, input.TableName ? table(input.TableName, input.IndexName) : '*']];
}

/** Glue wants the right on the catalogue, the database and the table alike. */
function glue(call) {
  const { DatabaseName, Name, TableName, TableInput, DatabaseInput } = call.input ?? {};
  const ofDatabase = /Databases?$/.test(call.operation);
  const database = DatabaseName ?? (ofDatabase ? (Name ?? DatabaseInput?.Name) : undefined);
  const table = TableName ?? TableInput?.Name ?? (ofDatabase ? undefined : Name);
  const action = `glue:${call.operation}`;
  const needed = [[action, arn('glue', call, 'catalog')]];
  if (database !== undefined) needed.push([action, arn('glue', call, `database/${database}`)]);
  if (database !== undefined && call.operation.endsWith('Tables')) {
    needed.push([action, arn('glue', call, `table/${database}/*`)]);
  } else if (database !== undefined && table !== undefined) {
    needed.push([action, arn('glue', call, `table/${database}/${table}`)]);
  }
  return needed;
}

function kinesis(call) {
  const { StreamARN, StreamName, ShardIterator } = call.input ?? {};
  // Of GetRecords without its stream the iterator alone knows it; the stand-in's is a name in base64.
  const name = StreamName ?? (ShardIterator && Buffer.from(ShardIterator, 'base64').toString().split(':')[0]);
  return [[`kinesis:${call.operation}`, StreamARN ?? (name ? arn('kinesis', call, `stream/${name}`) : '*')]];
}

function sqs(call) {
  const { QueueUrl, QueueName } = call.input ?? {};
  const queue = QueueName ?? QueueUrl?.split('/').at(-1);
  // The batch calls have no rights of their own.
  return [[`sqs:${call.operation.replace(/Batch$/, '')}`, queue ? arn('sqs', call, queue) : '*']];
}

function sns(call) {
  return [[`sns:${call.operation.replace(/Batch$/, '')}`, call.input?.TopicArn ?? '*']];
}

function athena(call) {
  // Calls that name a query by its id are judged by the work group it ran in: the gate adds it to the call.
  const group =
    call.input?.WorkGroup ??
    call.workGroup ??
    (call.operation.endsWith('WorkGroup') ? call.input?.Name : undefined);
  return [[`athena:${call.operation}`, group ? arn('athena', call, `workgroup/${group}`) : '*']];
}

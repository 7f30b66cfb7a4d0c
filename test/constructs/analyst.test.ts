import { workgroupNames } from '../../lib/config/deployed';
import { ACCOUNT, REGION } from '../aws/deployer/intrinsics';
import { type Asked, evaluate, type Statement } from '../aws/privilege/evaluate';
import { askedFor, type Need, readerNeeds } from '../aws/privilege/in-its-name';
import { templates } from './app';
import { actionsOf, allowed, resourcesOf } from './policies';

const NAME = 'my-shop';
const KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9`;
const ATHENA = 'https://docs.aws.amazon.com/athena/latest/ug';

/** What the policy of analysts allows, with names in place of what the deploy makes. */
function policyOf(deploy: NonNullable<Parameters<typeof templates>[0]>['deploy'] = {}): Statement[] {
  const [, statements] = [...allowed(templates({ deploy }).storage)].find(([id]) =>
    id.includes('QueryPolicy'),
  )!;
  return statements.map(statement => ({
    Effect: 'Allow',
    Action: actionsOf(statement),
    Resource: resourcesOf(statement).map(named),
  }));
}

const named = (arn: string) =>
  arn
    .replace(/^<MyShop(Lake|Results)Bucket>/, (_, bucket: string) => `arn:aws:s3:::${bucket.toLowerCase()}`)
    .replace('<AWS::Partition>', 'aws')
    .replace('<AWS::Region>', REGION)
    .replace('<AWS::AccountId>', ACCOUNT);

const athena = (...actions: string[]) => actions.map(action => `athena:${action}`);
const arn = (resource: string) => `arn:aws:athena:${REGION}:${ACCOUNT}:${resource}`;

/** What someone calls who queries by the console, by a driver or by the command line. */
const CALLS: readonly Need[] = [
  {
    actions: athena(
      ...['StartQueryExecution', 'StopQueryExecution', 'GetQueryExecution', 'BatchGetQueryExecution'],
      ...['ListQueryExecutions', 'GetQueryResults', 'GetQueryResultsStream', 'GetWorkGroup'],
    ),
    resources: [arn(`workgroup/${workgroupNames(NAME).people}`)],
    source: `${ATHENA}/example-policies-workgroup.html`,
  },
  {
    actions: athena('ListWorkGroups', 'ListDataCatalogs', 'ListEngineVersions'),
    resources: ['*'],
    source: `${ATHENA}/example-policies-workgroup.html`,
  },
  {
    actions: athena(
      ...['GetDataCatalog', 'ListDatabases', 'GetDatabase', 'ListTableMetadata', 'GetTableMetadata'],
    ),
    resources: [arn('datacatalog/AwsDataCatalog')],
    source: `${ATHENA}/datacatalogs-example-policies.html`,
  },
];

const BY_KEY: Need = {
  actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
  resources: [KEY],
  source: `${ATHENA}/encryption.html (permissions to encrypted data in Amazon S3)`,
};

const QUERIES = readerNeeds({ name: NAME, bucket: 'lake', answers: 'results/people/' });

const refused = (statements: readonly Statement[], asked: readonly Asked[]) =>
  asked
    .filter(one => evaluate(statements, one) !== 'allowed')
    .map(({ action, resource }) => `${action} ${resource}`);

test('analyst.policy: holds all that Athena does for a query, and what its console asks', () => {
  expect(refused(policyOf(), [...CALLS, ...QUERIES].flatMap(askedFor))).toEqual([]);
});

test('analyst.policy: deltas, history and adopted report files are read too', () => {
  const objects = ['deltas/orders/1.parquet', 'staging/features/data/1.parquet', 'orders/metadata/1.avro'];
  const read = objects.map(key => ({
    action: 's3:GetObject',
    resource: `arn:aws:s3:::lake/${key}`,
    context: {},
  }));
  expect(refused(policyOf(), read)).toEqual([]);
  const asked = new Set(QUERIES.flatMap(({ resources }) => resources));
  for (const folder of ['deltas/', 'staging/'])
    expect([...asked].filter(resource => resource.startsWith(`arn:aws:s3:::lake/${folder}`))).toHaveLength(1);
});

test('analyst.policy: a key of the account too, and without one none', () => {
  expect(refused(policyOf({ kmsKeyArn: KEY }), [BY_KEY, ...QUERIES].flatMap(askedFor))).toEqual([]);
  expect(JSON.stringify(policyOf())).not.toContain('kms:');
});

test('analyst.policy: changes no table, and reads nothing but tables and answers', () => {
  const statements = policyOf({ kmsKeyArn: KEY });
  const ask = (action: string, resource: string): Asked => ({ action, resource, context: {} });
  const glue = (resource: string) => `arn:aws:glue:${REGION}:${ACCOUNT}:${resource}`;
  const foreign = [
    ...['s3:PutObject', 's3:DeleteObject'].flatMap(action =>
      ['orders/data/1.parquet', 'orders/metadata/1.json', 'deltas/orders/1.parquet'].map(key =>
        ask(action, `arn:aws:s3:::lake/${key}`),
      ),
    ),
    ask('s3:GetObject', 'arn:aws:s3:::lake/quarantine/orders/1.csv'),
    ask('s3:GetObject', 'arn:aws:s3:::lake/aws/lambda/1.json'),
    ask('s3:GetObject', 'arn:aws:s3:::results/system/answer.csv'),
    ask('s3:DeleteObject', 'arn:aws:s3:::results/people/answer.csv'),
    ...['Create', 'Update', 'Delete'].map(verb => ask(`glue:${verb}Table`, glue('table/my_shop/orders'))),
    ask('glue:GetTable', glue('table/my_shop_staging/features')),
    ask('glue:GetTable', glue('table/another/orders')),
    ask('athena:StartQueryExecution', arn(`workgroup/${workgroupNames(NAME).system}`)),
    ask('athena:StartQueryExecution', arn('workgroup/primary')),
    ask('athena:GetTableMetadata', arn('datacatalog/another')),
    // A stream has the rows of every table in it, those too that an analyst may not see.
    ask('kinesis:GetRecords', `arn:aws:kinesis:${REGION}:${ACCOUNT}:stream/${NAME}-storage-events`),
    ask('dynamodb:Query', `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${NAME}-storage-ledger`),
  ];
  expect(refused(statements, foreign)).toHaveLength(foreign.length);
});

test('analyst.policy: fits in a managed policy', () => {
  expect(JSON.stringify(policyOf({ kmsKeyArn: KEY })).length).toBeLessThan(6144);
});

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Match } from 'aws-cdk-lib/assertions';
import { resolveWhole } from '../../lib/config/load-sync';
import { METRICS } from '../../lib/config/metric-names';
import { TIMEOUT_SECONDS } from '../../lib/constructs/pipeline/timeouts';
import { deployLake } from '../../lib/stacks/deploy-lake';
import { app, config, DMS, stubBundles, templates } from '../constructs/app';
import { actionsOf, allowed, resourcesOf, rightsOf } from '../constructs/policies';

const ROOT = join(__dirname, '../..');
const STREAM = { kind: 'kinesis', format: 'json' } as const;
const { pipeline, storage } = templates({ sources: { events: STREAM } });

interface Lambda {
  readonly Timeout: number;
  readonly Environment: { readonly Variables: Record<string, unknown> };
}

const functions = Object.entries(pipeline.findResources('AWS::Lambda::Function')).map(
  ([id, { Properties }]) => [id, Properties as Lambda] as const,
);
const mappings = Object.values(pipeline.findResources('AWS::Lambda::EventSourceMapping')).map(
  ({ Properties }) => Properties,
);

test('pipeline.functions: one for each folder of lambdas/, on Node 24 and arm64', () => {
  const folders = readdirSync(join(ROOT, 'lambdas'), { withFileTypes: true })
    .filter(e => e.isDirectory() && !['replication', 'intake'].includes(e.name))
    .map(e => e.name);
  expect(Object.keys(TIMEOUT_SECONDS).sort()).toEqual(folders.sort());
  // Loads stand only where the config has them.
  expect(functions).toHaveLength(folders.length - 1);
  pipeline.allResourcesProperties('AWS::Lambda::Function', {
    Runtime: 'nodejs24.x',
    Architectures: ['arm64'],
    Handler: 'index.handler',
    MemorySize: 512,
    Layers: [Match.anyValue()],
    // An account that is new has little, and may not give any of it away.
    ReservedConcurrentExecutions: Match.absent(),
  });
  expect(TIMEOUT_SECONDS.merge).toBe(300);
});

test('pipeline.environment: every variable that lib/runtime reads', () => {
  const read = ['aws.ts', 'aws-queries.ts', 'aws-streams.ts']
    .map(file => readFileSync(join(ROOT, 'lib/runtime', file), 'utf8'))
    .flatMap(text => text.match(/TIDEMARK_[A-Z0-9_]+/g) ?? [])
    // Of the tests' stand-ins alone.
    .filter(name => name !== 'TIDEMARK_S3_PATH_STYLE');
  for (const [, { Environment }] of functions)
    expect(
      Object.keys(Environment.Variables)
        .filter(name => name.startsWith('TIDEMARK_'))
        .sort(),
    ).toEqual([...new Set(read)].sort());
  expect(functions[0]![1].Environment.Variables.TIDEMARK_WINDOW_SECONDS).toBe('15');
});

test('pipeline.config: the layer holds the config without secrets, and the SQL of reports', () => {
  const made = app();
  const lake = config({ sources: { dms: DMS } });
  deployLake(made, resolveWhole(lake, join(ROOT, 'examples/tidemark.config.ts')), stubBundles());
  const folder = made.synth().directory;
  const layer = readdirSync(folder).find(name => existsSync(join(folder, name, 'tidemark/config.json')))!;
  const text = readFileSync(join(folder, layer, 'tidemark/config.json'), 'utf8');
  expect(JSON.parse(text)).toMatchObject({
    name: 'my-shop',
    folder: '.',
    reports: [{ name: 'features', sqlFile: 'reports/features.sql' }],
    sources: { dms: { kind: 'dms-s3', schemas: DMS.schemas } },
  });
  expect(text).not.toContain('secret');
  expect(text).not.toContain(ROOT);
  expect(readFileSync(join(folder, layer, 'tidemark/reports/features.sql'), 'utf8')).toBe(
    readFileSync(join(ROOT, 'examples/reports/user_features.sql'), 'utf8'),
  );
});

describe('pipeline.queues', () => {
  const queues = Object.entries({
    ...storage.findResources('AWS::SQS::Queue'),
    ...pipeline.findResources('AWS::SQS::Queue'),
  });
  const queue = (name: string) =>
    queues.find(([id]) => id.includes(name) && !id.includes('DeadLetters'))![1].Properties;

  test.each([
    ['IngestQueue', 'ingest-files'],
    ['MergeQueue', 'merge'],
    ['ReportQueue', 'report'],
  ] as const)('%s: visible again 30 s after its function timed out, then dead letters', (name, reader) => {
    const { VisibilityTimeout, RedrivePolicy } = queue(name);
    expect(VisibilityTimeout).toBe(TIMEOUT_SECONDS[reader] + 30);
    expect(RedrivePolicy.maxReceiveCount).toBe(5);
  });

  test.each(['MergeQueue', 'ReportQueue'])('%s: FIFO, and its senders choose what is one message', name =>
    expect(queue(name)).toMatchObject({ FifoQueue: true, ContentBasedDeduplication: false }),
  );

  test('merge: every message waits for the end of its window', () => {
    expect(queue('MergeQueue').DelaySeconds).toBe(15);
    expect(queue('ReportQueue').DelaySeconds).toBe(0);
    const wide = templates({ deploy: { windowSeconds: 60 } }).pipeline;
    wide.hasResourceProperties('AWS::SQS::Queue', { DelaySeconds: 60 });
    wide.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ TIDEMARK_WINDOW_SECONDS: '60' }) },
    });
  });

  test('sources: failures one by one, and a limit that takes nothing from other functions', () => {
    const ofQueues = mappings.filter(m => m.ScalingConfig);
    expect(ofQueues.map(m => [m.BatchSize, m.ScalingConfig.MaximumConcurrency])).toEqual([
      [10, 10],
      [1, 5],
      [1, 2],
    ]);
    for (const mapping of mappings)
      expect(mapping.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
  });
});

test('pipeline.stream: in order, halved until the culprit stands alone, tried until too old, kept in the lake', () => {
  const [mapping] = mappings.filter(m => m.StartingPosition);
  expect(mapping).toMatchObject({
    ParallelizationFactor: 1,
    BisectBatchOnFunctionError: true,
    MaximumRetryAttempts: -1,
    MaximumRecordAgeInSeconds: (7 * 24 - 12) * 3600,
    StartingPosition: 'TRIM_HORIZON',
  });
  expect(JSON.stringify(mapping!.DestinationConfig.OnFailure)).toContain('MyShopLakeBucket');
  const without = templates().pipeline;
  without.resourceCountIs('AWS::Lambda::Function', 6);
  without.resourcePropertiesCountIs(
    'AWS::Lambda::EventSourceMapping',
    { StartingPosition: Match.anyValue() },
    0,
  );
});

test('pipeline.stream.age: records are given up before their stream forgets them, whatever its retention', () => {
  const streamArn = 'arn:aws:kinesis:eu-west-1:123456789012:stream/theirs';
  const sources = {
    a: { ...STREAM, retentionDays: 1 },
    b: { ...STREAM, retentionDays: 3 },
    c: { ...STREAM, retentionDays: 30 },
    d: { ...STREAM, streamArn },
  };
  const found = templates({ sources }).pipeline.findResources('AWS::Lambda::EventSourceMapping');
  const seconds = Object.values(found).map(({ Properties }) => Properties.MaximumRecordAgeInSeconds);
  const hours = seconds.filter(age => age !== undefined).map(age => age / 3600);
  expect(hours).toEqual([12, 60, 156, 12]);
});

test('pipeline.schedules: sweeps, compaction, vacuum, and the word of Athena that a statement ended', () => {
  const rules = Object.values(pipeline.findResources('AWS::Events::Rule')).map(
    ({ Properties }) => Properties,
  );
  expect(
    rules.filter(r => r.ScheduleExpression).map(r => [r.ScheduleExpression, r.Targets[0].Input]),
  ).toEqual([
    ['rate(1 minute)', '{}'],
    ['cron(7 * * * ? *)', '{"listing":"recent"}'],
    ['cron(37 2 * * ? *)', '{"listing":"full"}'],
    ['cron(22 * * * ? *)', '{}'],
    ['cron(52 3 * * ? *)', '{}'],
  ]);
  expect(rules.flatMap(r => r.EventPattern ?? [])).toEqual([
    {
      source: ['aws.athena'],
      'detail-type': ['Athena Query State Change'],
      detail: { workgroupName: ['my-shop-system'], currentState: ['SUCCEEDED', 'FAILED', 'CANCELLED'] },
    },
  ]);
});

describe('pipeline.rights', () => {
  const writes = (name: string) =>
    rightsOf(pipeline, name)
      .filter(s => actionsOf(s).includes('s3:PutObject'))
      .flatMap(resourcesOf)
      .map(arn => arn.replace(/^<.*?(Lake|Results)Bucket.*?>/, '$1'))
      .sort();

  test('no wildcard in an action, and none for a resource but objects below a prefix and tables of a database', () => {
    for (const statement of [...allowed(pipeline).values(), ...allowed(storage).values()].flat()) {
      expect(actionsOf(statement).filter(action => action.includes('*'))).toEqual([]);
      if (actionsOf(statement).every(action => action.startsWith('athena:List'))) continue;
      const wild = resourcesOf(statement).filter(arn => arn.includes('*'));
      expect(wild.filter(arn => !/Bucket[^>]*>\/.*\*$|:table\/my_shop(_staging)?\/\*$/.test(arn))).toEqual(
        [],
      );
    }
  });

  test('only vacuum deletes, in the role that the bucket names', () => {
    const deleting = [...allowed(pipeline)].filter(([, statements]) =>
      statements.some(s => actionsOf(s).some(action => action.startsWith('s3:Delete'))),
    );
    expect(deleting.map(([id]) => id.slice(0, 20))).toEqual([expect.stringMatching(/^PipelinevacuumRights/)]);
    const [, vacuum] = functions.find(([id]) => id.startsWith('Pipelinevacuum'))!;
    expect(JSON.stringify(vacuum)).toMatch(/"Role":\{"Fn::ImportValue":"[^"]*Removal/);
  });

  test('each writes only its own kind of object', () => {
    expect(writes('ingest-files')).toEqual(['Lake/*/metadata/*', 'Lake/deltas/*', 'Lake/quarantine/*']);
    expect(writes('ingest-stream')).toEqual([
      'Lake/*/metadata/*',
      'Lake/aws/lambda/*',
      'Lake/deltas/*',
      'Lake/quarantine/*',
    ]);
    expect(writes('merge')).toEqual(['Lake/*/data/*', 'Lake/*/metadata/*', 'Results/system/*']);
    expect(writes('compact')).toEqual(['Lake/*/data/*', 'Lake/*/metadata/*', 'Lake/deltas/*/joined/*']);
    expect(writes('sweep')).toEqual(['Results/system/*']);
    expect(writes('vacuum')).toEqual(['Lake/*/metadata/*']);
  });

  test('the report holds what Athena does in its name', () => {
    const report = rightsOf(pipeline, 'report');
    const on = (end: string) =>
      report.filter(s => resourcesOf(s).some(arn => arn.endsWith(end))).flatMap(actionsOf);
    const tables = ['glue:GetTable', 'glue:CreateTable', 'glue:UpdateTable', 'glue:DeleteTable'];
    expect(on(':table/my_shop/*')).toEqual(expect.arrayContaining(tables));
    expect(on(':table/my_shop_staging/*')).toEqual(expect.arrayContaining(tables));
    expect(on(':workgroup/my-shop-system')).toContain('athena:StartQueryExecution');
    expect(writes('report')).toEqual([
      'Lake/*/data/*',
      'Lake/*/metadata/*',
      'Lake/staging/*',
      'Results/system/*',
    ]);
  });

  test('the key is used through the services that hold what it encrypts', () => {
    const kmsKeyArn = 'arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9';
    const own = templates({ deploy: { kmsKeyArn } }).pipeline;
    for (const name of ['ingest-files', 'merge', 'report', 'sweep', 'compact', 'vacuum']) {
      const [statement] = rightsOf(own, name).filter(s => resourcesOf(s).includes(kmsKeyArn));
      expect(statement).toMatchObject({
        Condition: { StringEquals: { 'kms:ViaService': expect.any(Array) } },
      });
    }
    expect(JSON.stringify([...allowed(pipeline)])).not.toContain('kms:ViaService');
  });
});

test('pipeline.dashboard: shows nothing that no function counts', () => {
  const text = JSON.stringify(pipeline.findResources('AWS::CloudWatch::Dashboard'));
  const names = Array.from(text.matchAll(/\\"Tidemark\\",\\"(\w+)\\"/g), m => m[1]!);
  expect(names.length).toBeGreaterThan(7);
  expect(names.filter(name => !Object.values<string>(METRICS).includes(name))).toEqual([]);
});

test('pipeline.lake-formation: every function is granted its tables there too', () => {
  const governed = templates({ deploy: { permissions: 'lake-formation' } }).pipeline;
  const granted = Object.values(governed.findResources('AWS::LakeFormation::PrincipalPermissions'));
  expect(granted).toHaveLength(2 * 6 + 2);
  const report = granted
    .map(({ Properties }) => Properties)
    .filter(p => JSON.stringify(p.Principal).includes('report'));
  expect(
    report.map(p => [p.Resource.Database?.Name ?? p.Resource.Table.DatabaseName, p.Permissions]),
  ).toEqual([
    ['my_shop', ['CREATE_TABLE', 'DESCRIBE']],
    ['my_shop', ['SELECT', 'DESCRIBE', 'INSERT', 'DELETE', 'ALTER', 'DROP']],
    ['my_shop_staging', ['CREATE_TABLE', 'DESCRIBE']],
    ['my_shop_staging', ['SELECT', 'DESCRIBE', 'INSERT', 'DELETE', 'ALTER', 'DROP']],
  ]);
  expect(rightsOf(governed, 'report').flatMap(actionsOf)).toContain('lakeformation:GetDataAccess');
  pipeline.resourceCountIs('AWS::LakeFormation::PrincipalPermissions', 0);
});

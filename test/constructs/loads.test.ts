import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { configInvalid } from '../../lib/config/errors';
import { duckDbLayer } from '../../lib/constructs/pipeline/duckdb-layer';
import { app, templates } from './app';
import { actionsOf, allowed, resourcesOf, rightsOf } from './policies';

const KEY = 'arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9';
const { pipeline, storage } = templates({
  deploy: { loads: { from: ['s3://exports/shop/db/', 's3://copies/'], kmsKeyArns: [KEY], workers: 7 } },
});

test('loads.absent: a lake without them has nothing of them, in any template', () => {
  const bare = templates();
  const { Resources, Outputs } = bare.pipeline.toJSON() as Record<'Resources' | 'Outputs', object>;
  expect([...Object.keys(Resources), ...Object.keys(Outputs)].filter(id => /loads?|duck/i.test(id))).toEqual(
    [],
  );
  expect(JSON.stringify(bare.pipeline.toJSON())).not.toMatch(/states:|TIDEMARK_LOAD|x86_64/);
  expect(storage.toJSON()).toEqual(bare.storage.toJSON());
});

test('loads.function: DuckDB of x64 in a layer, a processor of its own, all of the disk', () => {
  pipeline.hasResourceProperties('AWS::Lambda::Function', {
    Architectures: ['x86_64'],
    MemorySize: 1769,
    EphemeralStorage: { Size: 10240 },
    Timeout: 900,
    Layers: [{ Ref: Match.stringLikeRegexp('Config') }, { Ref: Match.stringLikeRegexp('DuckDb') }],
    Environment: {
      Variables: Match.objectLike({
        TIDEMARK_LOAD_FROM: '["s3://exports/shop/db/","s3://copies/"]',
        TIDEMARK_LOAD_WORKERS: '7',
      }),
    },
  });
  // Every variable that it reads; the config's layer fits its processor too.
  const read = readFileSync(join(__dirname, '../../lib/runtime/aws-loads.ts'), 'utf8').match(
    /TIDEMARK_[A-Z0-9_]+/g,
  );
  const [, variables] = Object.entries(pipeline.findResources('AWS::Lambda::Function'))
    .map(([id, { Properties }]) => [id, Object.keys(Properties.Environment.Variables)] as const)
    .find(([id]) => id.startsWith('PipelineloadFunction'))!;
  expect([...variables, 'TIDEMARK_S3_PATH_STYLE']).toEqual(expect.arrayContaining([...read!]));
  pipeline.hasResourceProperties('AWS::Lambda::LayerVersion', {
    CompatibleArchitectures: ['arm64', 'x86_64'],
  });
  // The same packages are the same asset, whenever they are copied.
  const again = templates({ deploy: { loads: { from: ['s3://copies/'] } } }).pipeline;
  const keys = [pipeline, again].map(template =>
    Object.entries(template.findResources('AWS::Lambda::LayerVersion'))
      .filter(([id]) => id.includes('DuckDb'))
      .map(([, { Properties }]) => Properties.Content.S3Key),
  );
  expect(keys[0]).toHaveLength(1);
  expect(keys[0]).toEqual(keys[1]);
});

test('loads.layer: where DuckDB is not installed for Lambda, a deploy says how it comes', () => {
  const stack = new Stack(app(), 'Caller');
  const none = mkdtempSync(join(tmpdir(), 'tidemark-packages-'));
  expect(() => duckDbLayer(stack, none)).toThrow(/^\[TM_8005\].*npm install/s);
  // As on a Mac: the calls are there, the engine is of another machine.
  const mac = mkdtempSync(join(tmpdir(), 'tidemark-packages-'));
  for (const name of ['@duckdb/node-api', '@duckdb/node-bindings']) {
    const folder = join(mac, 'node_modules', name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: '9.9.9' }));
  }
  expect(() => duckDbLayer(stack, mac)).toThrow(/ --force @duckdb\/node-bindings-linux-x64@9\.9\.9/);
  for (const folder of [none, mac]) rmSync(folder, { recursive: true });
});

test('loads.rights: copies are read where the config says, and opened by the named keys alone', () => {
  const rights = rightsOf(pipeline, 'load');
  const of = (action: string) =>
    rights
      .filter(statement => actionsOf(statement).includes(action))
      .flatMap(s => resourcesOf(s).map(resource => ({ resource, condition: s.Condition })));
  const alien = (resource: string) => resource.includes(':s3:::');
  expect(of('s3:GetObject').filter(({ resource }) => alien(resource))).toEqual([
    { resource: 'arn:<AWS::Partition>:s3:::copies/*', condition: undefined },
    { resource: 'arn:<AWS::Partition>:s3:::exports/shop/db/*', condition: undefined },
  ]);
  expect(of('s3:ListBucket').filter(({ resource }) => alien(resource))).toEqual([
    { resource: 'arn:<AWS::Partition>:s3:::copies', condition: undefined },
    {
      resource: 'arn:<AWS::Partition>:s3:::exports',
      condition: { StringLike: { 's3:prefix': ['shop/db/*'] } },
    },
  ]);
  for (const action of ['s3:PutObject', 's3:AbortMultipartUpload'])
    expect(of(action).filter(({ resource }) => alien(resource))).toEqual([]);
  expect(of('s3:DeleteObject')).toEqual([]);
  expect(of('kms:Decrypt')).toEqual([
    { resource: KEY, condition: { StringEquals: { 'kms:ViaService': expect.anything() } } },
  ]);
});

test('loads.machine: its role calls the one function, and runs executions of its own', () => {
  const policies = [...allowed(pipeline)].filter(([id]) => id.startsWith('PipelineLoads'));
  const rights = policies.flatMap(([, statements]) => statements);
  const named = rights.flatMap(s => resourcesOf(s).map(r => `${actionsOf(s).join(' ')}: ${r}`));
  expect(named.filter(line => !line.startsWith('logs:'))).toEqual([
    expect.stringMatching(/^lambda:InvokeFunction: <PipelineloadFunction\w+>$/),
    expect.stringMatching(/^states:StartExecution: <PipelineLoadsMachine\w+>$/),
    expect.stringMatching(
      /^states:DescribeExecution states:StopExecution: arn:.*:execution:<PipelineLoadsMachine\w+>\/\*$/,
    ),
  ]);
  pipeline.hasOutput('MyShopLoadMachine', {});
  pipeline.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: 'AWS/States',
    MetricName: 'ExecutionsFailed',
    Threshold: 1,
    AlarmDescription: Match.stringLikeRegexp('docs/runbook.md#a-load-failed$'),
  });
});

test.each([
  ['exports/shop/', 's3://exports/shop'],
  ['a wildcard', 's3://exports/*/'],
  ['a variable of IAM', 's3://exports/$' + '{aws:username}/'],
])('loads.from: %s is refused', (_, from) => {
  expect(() => templates({ deploy: { loads: { from: [from] } } })).toThrow(
    expect.objectContaining({
      code: configInvalid('', []).code,
      message: expect.stringContaining('deploy.loads.from[0]'),
    }),
  );
});

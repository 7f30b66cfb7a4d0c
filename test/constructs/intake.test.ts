import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { HttpSource, LakeConfig } from '../../lib/config/define';
import { Lake } from '../../lib/constructs/lake';
import { app, config, stubBundles, templates } from './app';
import { rightsOf } from './policies';

const KEY = 'arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9';
const web = (options: Partial<HttpSource> = {}): LakeConfig['sources'] => ({
  web: { kind: 'http', ...options },
});

test('intake.deployed: one route, throttled, logged, of IAM unless said otherwise', () => {
  const { pipeline, storage } = templates({ sources: web({ throttle: { rate: 5, burst: 7 } }) });
  pipeline.resourceCountIs('AWS::ApiGatewayV2::Route', 1);
  pipeline.hasResourceProperties('AWS::ApiGatewayV2::Route', {
    RouteKey: 'POST /events/{table}',
    AuthorizationType: 'AWS_IAM',
  });
  pipeline.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
    StageName: '$default',
    DefaultRouteSettings: { ThrottlingRateLimit: 5, ThrottlingBurstLimit: 7 },
  });
  pipeline.hasResourceProperties('AWS::Lambda::Function', {
    MemorySize: 256,
    Timeout: 29,
    Environment: { Variables: { TIDEMARK_INTAKE_SOURCE: 'web' } },
  });
  expect(Object.keys(pipeline.toJSON().Outputs)).toContain('MyShopIntakeWeb');
  // Its stream is the lake's, kept and read as any other.
  storage.resourceCountIs('AWS::Kinesis::Stream', 1);
  pipeline.resourceCountIs('AWS::Lambda::EventSourceMapping', 4);
  expect(Object.keys(storage.toJSON().Outputs)).toContain('MyShopStreamWeb');
});

test.each([
  ['none', 'NONE'],
  [{ jwt: { issuer: 'https://id.example.com', audience: ['lake'] } }, 'JWT'],
] as const)('intake.authorizer: %j', (authorizer, type) => {
  const options = { authorizer } as Partial<HttpSource>;
  const { pipeline } = templates({ sources: web(options) });
  pipeline.hasResourceProperties('AWS::ApiGatewayV2::Route', { AuthorizationType: type });
});

test('intake.rights: puts into its own stream, encrypts by its key, logs', () => {
  const sources: LakeConfig['sources'] = { ...web(), other: { kind: 'kinesis' } };
  const { pipeline } = templates({ sources, deploy: { kmsKeyArn: KEY } });
  const rights = rightsOf(pipeline, 'IntakesWebintake');
  expect(rights.map(({ Action }) => Action)).toEqual([
    'kinesis:PutRecords',
    'kms:GenerateDataKey',
    ['logs:CreateLogStream', 'logs:PutLogEvents'],
  ]);
  expect(JSON.stringify(rights[0]!.Resource)).toMatch(/StreamWeb/);
  expect(rights[1]!.Resource).toBe(KEY);
});

test('intake.stream: that of a kinesis source, where one is named', () => {
  const sources: LakeConfig['sources'] = { ...web({ stream: 'many' }), many: { kind: 'kinesis', shards: 4 } };
  const { pipeline, storage } = templates({ sources });
  storage.resourceCountIs('AWS::Kinesis::Stream', 1);
  expect(JSON.stringify(rightsOf(pipeline, 'IntakesWebintake')[0]!.Resource)).toMatch(/StreamMany/);
});

test('intake.grantPost: to who calls the route', () => {
  const stack = new Stack(app(), 'Caller');
  const lake = new Lake(stack, 'Shop', {
    config: config({ sources: web(), reports: {} }),
    bundles: stubBundles(),
  });
  const role = new Role(stack, 'Poster', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  lake.grantPost(role, 'web');
  expect(() => lake.grantPost(role, 'none')).toThrow('TM_8006');
  Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: { Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow' }] },
    Roles: [{ Ref: stack.getLogicalId(role.node.defaultChild as never) }],
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type App, Stack, Validations } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { LakeConfig } from '../../lib/config/define';
import { loadConfigSync, resolveWhole } from '../../lib/config/load-sync';
import type { ResolvedLake } from '../../lib/config/resolved';
import { acknowledgeWildcards } from '../../lib/constructs/acknowledged';
import { Lake } from '../../lib/constructs/lake';
import { deployLake } from '../../lib/stacks/deploy-lake';
import { app, config, DMS, stubBundles } from '../constructs/app';

const ROOT = join(__dirname, '../..');
const SOURCES: LakeConfig['sources'] = { db: DMS, events: { kind: 'kinesis', format: 'json' } };

interface Report {
  readonly pluginReports: {
    readonly violations: { readonly ruleName: string }[];
    readonly suppressedViolations?: { readonly ruleName: string; readonly reason: string }[];
  }[];
}

/** What cdk-nag and CloudFormation's own rules find, warnings too, and what they would but for an acknowledgement. */
function checked(made: App): { broken: string[]; acknowledged: Map<string, string> } {
  Validations.of(made).addPlugins(new AwsSolutionsChecks(made));
  // Findings are printed, and errors thrown.
  const silent = jest.spyOn(console, 'error').mockImplementation(() => {});
  try {
    made.synth();
  } catch (error) {
    expect(String(error)).toMatch(/Validation failed|AwsSolutions/);
  } finally {
    silent.mockRestore();
  }
  const text = readFileSync(join(made.outdir, 'validation-report.json'), 'utf8');
  const { pluginReports } = JSON.parse(text) as Report;
  const broken = pluginReports.flatMap(({ violations }) => violations.map(({ ruleName }) => ruleName));
  const suppressed = pluginReports.flatMap(({ suppressedViolations = [] }) => suppressedViolations);
  return {
    broken: broken.sort(),
    acknowledged: new Map(suppressed.map(({ ruleName, reason }) => [ruleName, reason])),
  };
}

function stacksOf(lake: ResolvedLake): App {
  const made = app({});
  deployLake(made, lake, stubBundles());
  return made;
}

const resolved = (rest: Partial<LakeConfig>) =>
  resolveWhole(config({ sources: SOURCES, ...rest }), join(ROOT, 'examples/tidemark.config.ts'));

const kmsKeyArn = 'arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9';
const streamArn = 'arn:aws:kinesis:us-east-1:123456789012:stream/s';
const vpc = {
  vpcId: 'vpc-1a2b3c4d',
  subnetIds: ['subnet-1a2b3c4d', 'subnet-2b3c4d5e'],
  securityGroupIds: ['sg-1a2b3c4d'],
};

describe('nag.clean', () => {
  test("the clone's own config", () => {
    expect(checked(stacksOf(loadConfigSync(join(ROOT, 'tidemark.config.ts')))).broken).toEqual([]);
  });

  test.each<[string, Partial<LakeConfig>]>([
    ['a key of the account, and mail', { deploy: { kmsKeyArn, alarmEmail: 'lake@example.com' } }],
    [
      'Lake Formation, and what the account has',
      {
        deploy: { permissions: 'lake-formation', windowSeconds: 60 },
        sources: {
          db: { ...DMS, fileFormat: 'csv', vpc, accountRoles: 'exist' },
          events: { kind: 'kinesis', format: 'json', streamArn },
        },
      },
    ],
    [
      'loads',
      { deploy: { loads: { from: ['s3://exports/shop/', 's3://copies/'], kmsKeyArns: [kmsKeyArn] } } },
    ],
    ['events under a key of the account', { deploy: { kmsKeyArn }, sources: { web: { kind: 'http' } } }],
    [
      'events of anybody, and of who has a token',
      {
        sources: {
          web: { kind: 'http', authorizer: 'none' },
          app: {
            kind: 'http',
            authorizer: { jwt: { issuer: 'https://id.example.com', audience: ['lake'] } },
          },
        },
      },
    ],
    [
      'DMS by a stream',
      {
        sources: {
          changes: { kind: 'kinesis', format: 'dms' },
          db: { kind: 'dms-kinesis', stream: 'changes', schemas: DMS.schemas, secretArn: DMS.secretArn },
        },
      },
    ],
  ])('%s', (_, rest) => expect(checked(stacksOf(resolved(rest))).broken).toEqual([]));

  test('a lake in one stack', () => {
    const made = app({});
    const stack = new Stack(made, 'Caller');
    new Lake(stack, 'Shop', {
      config: config({ sources: SOURCES }),
      folder: join(ROOT, 'examples'),
      bundles: stubBundles(),
    });
    expect(checked(made).broken).toEqual([]);
  });
});

test('nag.acknowledged: single findings with their reasons; no action, and no resource but below a name', () => {
  const { acknowledged } = checked(stacksOf(resolved({})));
  const findings = [...acknowledged.keys()].map(id => /\[(.*)\]$/.exec(id)?.[1]);
  expect(findings.length).toBeGreaterThan(8);
  const fine =
    /^Resource::[^*]*Bucket[^*]*\/(\*\/)?([a-z]+\/)*\*$|^Resource::arn:[^*]*:table\/my_shop(_staging)?\/\*$/;
  expect(findings.filter(finding => !finding || !fine.test(finding))).toEqual([
    // Lists of Athena and DMS, which know no resource.
    'Resource::*',
    'Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonDMSVPCManagementRole',
    'Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonDMSCloudWatchLogsRole',
  ]);
  for (const reason of acknowledged.values()) expect(reason).toMatch(/^[A-Z].{20,}\.$/);
});

test('nag.findings: what is not meant is found, whatever is acknowledged beside it', () => {
  const made = app({});
  const stack = new Stack(made, 'Caller');
  const allow = (actions: string[], resource: string) =>
    new PolicyStatement({ actions, resources: [resource] });
  const statements = [
    allow(['s3:*'], 'arn:aws:s3:::bucket/deltas/x'),
    allow(['s3:GetObject'], '*'),
    allow(['s3:GetObject'], 'arn:aws:s3:::*/deltas/*'),
    allow(['dynamodb:GetItem'], 'arn:aws:dynamodb:us-east-1:123456789012:table/*'),
    allow(['s3:GetObject', 'dynamodb:GetItem'], 'arn:aws:s3:::bucket/staging/*'),
    allow(['s3:GetObject'], 'arn:aws:s3:::bucket/deltas/*'),
  ];
  const policy = new ManagedPolicy(stack, 'Wide', { statements });
  acknowledgeWildcards(policy, statements);
  new CfnQueue(stack, 'Queue', { visibilityTimeout: -1 });
  expect(checked(made).broken).toEqual([
    'AwsSolutions-IAM5[Action::s3:*]',
    'AwsSolutions-IAM5[Resource::*]',
    'AwsSolutions-IAM5[Resource::arn:aws:dynamodb:us-east-1:123456789012:table/*]',
    'AwsSolutions-IAM5[Resource::arn:aws:s3:::*/deltas/*]',
    'AwsSolutions-IAM5[Resource::arn:aws:s3:::bucket/staging/*]',
    'AwsSolutions-SQS3',
    'AwsSolutions-SQS4',
    'F3034',
  ]);
});

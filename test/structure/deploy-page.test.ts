import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveWhole } from '../../lib/config/load-sync';
import { deployLake } from '../../lib/stacks/deploy-lake';
import { app, config, DMS, stubBundles } from '../constructs/app';

const ROOT = join(__dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/deploy.md'), 'utf8');

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: string | string[];
}

interface Policy {
  readonly Statement: Statement[];
}

/** The page's policies, in its order: who deploys; CloudFormation for every lake, for DMS, for loads, for events; who looks after it. */
const [deployer, everyLake, withDms, withLoads, withEvents, caretaker] = Array.from(
  page.matchAll(/^```json\n([\s\S]*?)^```$/gm),
  m => JSON.parse(m[1]!) as Policy,
) as [Policy, Policy, Policy, Policy, Policy, Policy];

const list = (value: string | string[]) => (Array.isArray(value) ? value : [value]);
const actionsOf = (...policies: Policy[]) =>
  policies.flatMap(({ Statement }) => Statement.flatMap(({ Action }) => list(Action)));

/** What CloudFormation calls at least to make and to remove a resource of each type. */
const VERBS: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    ['Api', 'Authorizer', 'Integration', 'Route', 'Stage'].map(type => [
      `AWS::ApiGatewayV2::${type}`,
      ['apigateway:POST', 'apigateway:DELETE', ...(type === 'Stage' ? ['logs:CreateLogDelivery'] : [])],
    ]),
  ),
  'AWS::Athena::WorkGroup': ['athena:CreateWorkGroup', 'athena:DeleteWorkGroup'],
  'AWS::CloudWatch::Alarm': ['cloudwatch:PutMetricAlarm', 'cloudwatch:DeleteAlarms'],
  'AWS::CloudWatch::Dashboard': ['cloudwatch:PutDashboard', 'cloudwatch:DeleteDashboards'],
  'AWS::DMS::Endpoint': ['dms:CreateEndpoint', 'dms:DeleteEndpoint'],
  'AWS::DMS::ReplicationConfig': ['dms:CreateReplicationConfig', 'dms:DeleteReplicationConfig'],
  'AWS::DMS::ReplicationSubnetGroup': [
    'dms:CreateReplicationSubnetGroup',
    'dms:DeleteReplicationSubnetGroup',
  ],
  'AWS::DynamoDB::GlobalTable': ['dynamodb:CreateTable', 'dynamodb:UpdateContinuousBackups'],
  'AWS::EC2::FlowLog': ['ec2:CreateFlowLogs', 'ec2:DeleteFlowLogs'],
  'AWS::EC2::RouteTable': ['ec2:CreateRouteTable', 'ec2:DeleteRouteTable'],
  'AWS::EC2::SecurityGroup': ['ec2:CreateSecurityGroup', 'ec2:AuthorizeSecurityGroupIngress'],
  'AWS::EC2::SecurityGroupIngress': ['ec2:AuthorizeSecurityGroupIngress', 'ec2:RevokeSecurityGroupIngress'],
  'AWS::EC2::Subnet': ['ec2:CreateSubnet', 'ec2:DeleteSubnet'],
  'AWS::EC2::SubnetRouteTableAssociation': ['ec2:AssociateRouteTable', 'ec2:DisassociateRouteTable'],
  'AWS::EC2::VPC': ['ec2:CreateVpc', 'ec2:ModifyVpcAttribute', 'ec2:DeleteVpc'],
  'AWS::EC2::VPCEndpoint': ['ec2:CreateVpcEndpoint', 'ec2:DeleteVpcEndpoints'],
  'AWS::Events::Rule': ['events:PutRule', 'events:PutTargets', 'events:RemoveTargets', 'events:DeleteRule'],
  'AWS::Glue::Database': ['glue:CreateDatabase', 'glue:DeleteDatabase'],
  'AWS::IAM::ManagedPolicy': ['iam:CreatePolicy', 'iam:DeletePolicy'],
  'AWS::IAM::Policy': ['iam:PutRolePolicy', 'iam:DeleteRolePolicy'],
  'AWS::IAM::Role': ['iam:CreateRole', 'iam:PassRole', 'iam:AttachRolePolicy', 'iam:DeleteRole'],
  'AWS::Kinesis::Stream': ['kinesis:CreateStream', 'kinesis:IncreaseStreamRetentionPeriod'],
  'AWS::Lambda::EventSourceMapping': ['lambda:CreateEventSourceMapping', 'lambda:DeleteEventSourceMapping'],
  'AWS::Lambda::Function': ['lambda:CreateFunction', 'lambda:UpdateFunctionCode', 'lambda:DeleteFunction'],
  'AWS::Lambda::LayerVersion': ['lambda:PublishLayerVersion', 'lambda:DeleteLayerVersion'],
  'AWS::Lambda::Permission': ['lambda:AddPermission', 'lambda:RemovePermission'],
  'AWS::Logs::LogGroup': ['logs:CreateLogGroup', 'logs:PutRetentionPolicy', 'logs:DeleteLogGroup'],
  'AWS::S3::Bucket': ['s3:CreateBucket', 's3:PutBucketVersioning', 's3:PutBucketNotification'],
  'AWS::S3::BucketPolicy': ['s3:PutBucketPolicy', 's3:DeleteBucketPolicy'],
  'AWS::SNS::Subscription': ['sns:Subscribe', 'sns:Unsubscribe'],
  'AWS::SNS::Topic': ['sns:CreateTopic', 'sns:DeleteTopic'],
  'AWS::SNS::TopicPolicy': ['sns:SetTopicAttributes'],
  'AWS::SQS::Queue': ['sqs:CreateQueue', 'sqs:DeleteQueue'],
  'AWS::SQS::QueuePolicy': ['sqs:SetQueueAttributes'],
  'AWS::StepFunctions::StateMachine': [
    ...['states:CreateStateMachine', 'states:UpdateStateMachine', 'states:DeleteStateMachine'],
    'iam:PassRole',
  ],
  'Custom::TidemarkReplication': ['lambda:InvokeFunction'],
};

/** The types of all resources, by stack, of a lake that has every kind. */
function typesByStack(): Map<string, string[]> {
  const deploy = { alarmEmail: 'lake@example.com', loads: { from: ['s3://exports/shop/'] } };
  const sources = { events: { kind: 'kinesis', format: 'json' }, db: DMS, web: { kind: 'http' } } as const;
  const made = app();
  const lake = resolveWhole(config({ deploy, sources }), join(ROOT, 'examples/tidemark.config.ts'));
  deployLake(made, lake, stubBundles());
  return new Map(
    made.synth().stacks.map(({ stackName, template }) => {
      const { Resources } = template as { Resources: Record<string, { readonly Type: string }> };
      return [stackName, [...new Set(Object.values(Resources).map(({ Type }) => Type))]];
    }),
  );
}

function lacking(types: Iterable<string>, ...policies: Policy[]): string[] {
  const granted = actionsOf(...policies).map(action => new RegExp(`^${action.replaceAll('*', '.*')}$`));
  return [...types].flatMap(type =>
    (VERBS[type] ?? [`no verbs are known of ${type}`]).filter(verb => !granted.some(form => form.test(verb))),
  );
}

test('deploy page.policies: no type of resource lacks its verbs', () => {
  const types = typesByStack();
  const dms = types.get('my-shop-dms')!;
  types.delete('my-shop-dms');
  expect([...types.keys()]).toEqual(['my-shop-storage', 'my-shop-pipeline']);
  const all = [...types.values()].flat();
  expect(lacking(all, everyLake, withLoads, withEvents)).toEqual([]);
  expect(lacking(all, everyLake, withEvents)).toContain('states:CreateStateMachine');
  expect(lacking(all, everyLake, withLoads)).toContain('apigateway:POST');
  expect(lacking(dms, everyLake, withDms)).toEqual([]);
  expect(lacking(dms, everyLake)).toContain('dms:CreateEndpoint');
});

test('deploy page.policies: each fits in a managed policy, and none may do everything', () => {
  for (const policy of [deployer, everyLake, withDms, withLoads, withEvents, caretaker]) {
    expect(JSON.stringify(policy).length).toBeLessThan(6144);
    expect(policy.Statement.every(({ Effect }) => Effect === 'Allow')).toBe(true);
    expect(actionsOf(policy).filter(action => /^\*$|:\*$/.test(action))).toEqual([]);
  }
});

test('deploy page.policies: rows are read and written by nobody who only deploys', () => {
  const data = /^(?:dynamodb:(?:Get|Put|Delete|Update)Item|s3:(?:Put|Delete)Object|sqs:ReceiveMessage)/;
  expect(actionsOf(everyLake, withDms, withLoads, withEvents).filter(action => data.test(action))).toEqual(
    [],
  );
  const objects = everyLake.Statement.filter(({ Action }) => list(Action).includes('s3:GetObject'));
  expect(objects.flatMap(({ Resource }) => list(Resource)).every(arn => /:::cdk-/.test(arn))).toBe(true);
});

test('cost page.tables: are what the prices and the counted calls give', () => {
  const made = execFileSync(process.execPath, ['scripts/cost-doc.mjs', '--print'], { cwd: ROOT }).toString();
  expect(readFileSync(join(ROOT, 'docs/cost.md'), 'utf8')).toBe(made);
});

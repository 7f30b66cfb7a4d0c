import { Match, type Template } from 'aws-cdk-lib/assertions';
import { DMS, templates } from '../constructs/app';
import { actionsOf, allowed, resourcesOf } from '../constructs/policies';

const ARN = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-AbCdEf';
const { dms } = templates({ sources: { db: DMS } });

interface Mapping {
  readonly 'rule-type': string;
  readonly 'rule-action': string;
  readonly 'object-locator': Record<string, string>;
}

function only(
  template: Template,
  type: string,
): { id: string; Properties: Record<string, unknown>; DependsOn: string[] } {
  const [[id, resource] = [], ...more] = Object.entries(template.findResources(type));
  expect(more).toEqual([]);
  return { id: id!, DependsOn: [], ...(resource as { Properties: Record<string, unknown> }) };
}

const rules = (template: Template) =>
  (only(template, 'AWS::DMS::ReplicationConfig').Properties.TableMappings as { rules: Mapping[] }).rules;

test('dms.none without such a source', () => {
  expect(templates().dms.toJSON()).toEqual({});
  expect(templates({ sources: { s: { kind: 'kinesis', format: 'dms' } } }).dms.toJSON()).toEqual({});
});

test('dms.source: MySQL by its secret, which only DMS of this region may read', () => {
  dms.hasResourceProperties('AWS::DMS::Endpoint', {
    EndpointType: 'source',
    EngineName: 'mysql',
    MySqlSettings: { SecretsManagerSecretId: ARN, SecretsManagerAccessRoleArn: Match.anyValue() },
    Password: Match.absent(),
  });
  dms.hasResourceProperties('AWS::IAM::Role', {
    AssumeRolePolicyDocument: {
      Statement: [
        Match.objectLike({
          Principal: { Service: { 'Fn::Join': ['', ['dms.', { Ref: 'AWS::Region' }, '.amazonaws.com']] } },
        }),
      ],
    },
    Policies: [
      Match.objectLike({
        PolicyDocument: Match.objectLike({ Statement: [Match.objectLike({ Resource: ARN })] }),
      }),
    ],
  });
});

test('dms.s3: op and time on every row, names in every file, loads before changes', () => {
  const settings = {
    BucketFolder: 'db',
    DataFormat: 'parquet',
    ParquetTimestampInMillisecond: false,
    IncludeOpForFullLoad: true,
    TimestampColumnName: 'dms_committed_at',
    UseTaskStartTimeForFullLoadTimestamp: true,
    EncryptionMode: 'sse-s3',
  };
  dms.hasResourceProperties('AWS::DMS::Endpoint', { EngineName: 's3', S3Settings: settings });
  const csv = templates({ sources: { db: { ...DMS, fileFormat: 'csv' } } }).dms;
  csv.hasResourceProperties('AWS::DMS::Endpoint', {
    S3Settings: { DataFormat: 'csv', AddColumnName: true, Rfc4180: true, CsvNullValue: '\\N' },
  });
});

test('dms.kinesis: the alternative, a table in one shard, nothing left out', () => {
  const { schemas, secretArn } = DMS;
  const sources = {
    changes: { kind: 'kinesis', format: 'dms' },
    db: { kind: 'dms-kinesis', stream: 'changes', schemas, secretArn },
  } as const;
  const made = templates({ sources }).dms;
  made.hasResourceProperties('AWS::DMS::Endpoint', {
    EngineName: 'kinesis',
    KinesisSettings: { IncludeNullAndEmpty: true, IncludeTransactionDetails: true },
    // Without it integers beyond 16 digits come as rounded decimals.
    ExtraConnectionAttributes: 'UseLargeIntegerValue=true',
  });
  const mapped = rules(made).filter(r => r['rule-type'] === 'object-mapping');
  expect(mapped.map(r => r['object-locator']['table-name'])).toEqual(['orders', 'users']);
  expect(rules(made).map(r => r['rule-action'])).not.toContain('add-before-image-columns');
  made.hasResourceProperties('AWS::DMS::ReplicationConfig', {
    ReplicationSettings: { BeforeImageSettings: { EnableBeforeImage: true, ColumnFilter: 'pk-only' } },
  });
});

test('dms.mappings: the tables, the sequence, the old key, and not what the config omits', () => {
  expect(
    rules(dms).map((r, i) => [r['rule-action'], Object.values(r['object-locator']).join('.'), i + 1]),
  ).toEqual([
    ['include', 'shop.orders', 1],
    ['include', 'shop.users', 2],
    ['add-column', '%.%', 3],
    ['add-before-image-columns', '%.%', 4],
    ['remove-column', 'shop.orders.card', 5],
  ]);
  expect(rules(dms)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ value: 'AR_H_CHANGE_SEQ', expression: '$AR_H_CHANGE_SEQ', 'rule-id': '3' }),
      expect.objectContaining({
        'before-image-def': { prefix: 'BI_', suffix: '', 'column-filter': 'pk-only' },
      }),
    ]),
  );
});

test('dms.settings: no DROP and no TRUNCATE reaches the landing bucket, no row is left out silently', () => {
  dms.hasResourceProperties('AWS::DMS::ReplicationConfig', {
    ReplicationType: 'full-load-and-cdc',
    ComputeConfig: Match.objectLike({ MinCapacityUnits: 1, MaxCapacityUnits: 2 }),
    ReplicationSettings: {
      ChangeProcessingDdlHandlingPolicy: {
        HandleSourceTableDropped: false,
        HandleSourceTableTruncated: false,
      },
      ErrorBehavior: { DataErrorPolicy: 'STOP_TASK', DataTruncationErrorPolicy: 'STOP_TASK' },
    },
  });
});

test('dms.lobs: whole up to a stated length, in the memory that a load takes by default', () => {
  const settings = (template: Template) =>
    only(template, 'AWS::DMS::ReplicationConfig').Properties.ReplicationSettings as {
      TargetMetadata: object;
      FullLoadSettings: { CommitRate: number };
    };
  expect(settings(dms)).toMatchObject({
    // S3 takes neither full nor inline mode.
    TargetMetadata: { SupportLobs: true, FullLobMode: false, LimitedSizeLobMode: true, LobMaxSize: 1024 },
    FullLoadSettings: { TargetTablePrepMode: 'DO_NOTHING', CommitRate: 312 },
  });
  const [short, long] = [16, 102_400].map(lobKiBMax =>
    settings(templates({ sources: { db: { ...DMS, lobKiBMax } } }).dms),
  );
  expect(short).toMatchObject({
    TargetMetadata: { LobMaxSize: 16 },
    FullLoadSettings: { CommitRate: 10_000 },
  });
  expect(long).toMatchObject({
    TargetMetadata: { LobMaxSize: 102_400 },
    FullLoadSettings: { CommitRate: 3 },
  });
});

test('dms.control: a stop before whatever changes, a start behind it, and both see every setting', () => {
  const moments = Object.entries(dms.findResources('Custom::TidemarkReplication'));
  const [before, after] = ['before', 'after'].map(m => moments.find(([, r]) => r.Properties.Moment === m)!);
  const config = only(dms, 'AWS::DMS::ReplicationConfig');
  expect(config.DependsOn).toContain(before![0]);
  for (const endpoint of Object.values(dms.findResources('AWS::DMS::Endpoint')))
    expect(endpoint.DependsOn).toContain(before![0]);
  expect(after![1].DependsOn).toContain(config.id);
  const { Settings, Replication } = after![1].Properties;
  expect(before![1].Properties).toMatchObject({ Settings, Replication, SettleSeconds: 30 });
  for (const setting of [
    'HandleSourceTableDropped',
    'add-before-image-columns',
    'timestampColumnName',
    'maxCapacity',
  ])
    expect(JSON.stringify(Settings)).toContain(setting);
  // The ARN is known before there is a replication, as its last part is ours.
  const name = String(config.Properties.ResourceIdentifier);
  expect(name).toMatch(/^[a-z][a-z0-9-]{0,30}$/);
  expect(JSON.stringify(Replication)).toContain(`:replication-config:${name}`);
});

test('dms.rights: starts and stops its own replication alone', () => {
  const statements = [...allowed(dms)].find(([id]) => id.includes('ControlreplicationRights'))![1];
  const [starting] = statements.filter(s => actionsOf(s).includes('dms:StartReplication'));
  expect(resourcesOf(starting!).join()).toMatch(/:replication-config:[a-z][a-z0-9-]+$/);
});

describe('dms.network', () => {
  test('of its own: two isolated subnets, the services it calls, no way out', () => {
    dms.resourceCountIs('AWS::EC2::Subnet', 2);
    dms.resourceCountIs('AWS::EC2::NatGateway', 0);
    dms.resourceCountIs('AWS::EC2::InternetGateway', 0);
    dms.resourceCountIs('AWS::EC2::VPCEndpoint', 3);
    expect(JSON.stringify(dms.toJSON())).not.toContain('dummy');
  });

  test('by ids: as the config names it', () => {
    const vpc = {
      vpcId: 'vpc-1a2b3c4d',
      subnetIds: ['subnet-1a2b3c4d', 'subnet-2b3c4d5e'],
      securityGroupIds: ['sg-1a2b3c4d'],
    };
    const made = templates({ sources: { db: { ...DMS, vpc } } }).dms;
    made.resourceCountIs('AWS::EC2::VPC', 0);
    made.hasResourceProperties('AWS::DMS::ReplicationSubnetGroup', { SubnetIds: vpc.subnetIds });
    made.hasResourceProperties('AWS::DMS::ReplicationConfig', {
      ComputeConfig: Match.objectLike({ VpcSecurityGroupIds: vpc.securityGroupIds }),
    });
  });
});

test('dms.roles: of fixed names, kept, and not made where they exist', () => {
  const names = (template: Template) =>
    Object.values(template.findResources('AWS::IAM::Role')).flatMap(({ Properties, DeletionPolicy }) =>
      Properties.RoleName ? [[Properties.RoleName, DeletionPolicy]] : [],
    );
  expect(names(dms)).toEqual([
    ['dms-vpc-role', 'Retain'],
    ['dms-cloudwatch-logs-role', 'Retain'],
  ]);
  const there = templates({ sources: { db: { ...DMS, accountRoles: 'exist' } } }).dms;
  expect(names(there)).toEqual([]);
  there.hasResourceProperties('Custom::TidemarkReplication', { SettleSeconds: 0 });
});

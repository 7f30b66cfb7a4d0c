import { Match } from 'aws-cdk-lib/assertions';
import { templates } from '../constructs/app';

const { storage } = templates({ sources: { events: { kind: 'kinesis', format: 'json' } } });

const retained = (type: string) =>
  Object.entries(storage.findResources(type)).map(([id, { DeletionPolicy, UpdateReplacePolicy }]) => [
    id,
    DeletionPolicy,
    UpdateReplacePolicy,
  ]);

test('storage.retained: data stays, under ids that do not move with the construct', () => {
  const kept = [
    'AWS::S3::Bucket',
    'AWS::DynamoDB::GlobalTable',
    'AWS::Glue::Database',
    'AWS::Kinesis::Stream',
  ];
  const ids = ['Logs', 'Landing', 'Lake', 'Results'].map(name => `MyShop${name}Bucket`);
  ids.push('MyShopLedger', 'MyShopDatabase', 'MyShopStagingDatabase', 'MyShopStreamEvents');
  expect(kept.flatMap(retained)).toEqual(ids.map(id => [id, 'Retain', 'Retain']));
});

test('storage.buckets: encrypted, private, TLS only', () => {
  storage.allResourcesProperties('AWS::S3::Bucket', {
    BucketEncryption: Match.anyValue(),
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    },
  });
  storage.allResourcesProperties('AWS::S3::BucketPolicy', {
    PolicyDocument: Match.objectLike({
      Statement: Match.arrayWith([
        Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      ]),
    }),
  });
});

test('storage.versions: of landing and lake every one, old ones for a month; results are gone after a week', () => {
  const versioned = Object.entries(storage.findResources('AWS::S3::Bucket'))
    .filter(([, { Properties }]) => Properties.VersioningConfiguration?.Status === 'Enabled')
    .map(([id]) => id);
  expect(versioned).toEqual(['MyShopLandingBucket', 'MyShopLakeBucket']);
  const rule = {
    Status: 'Enabled',
    NoncurrentVersionExpiration: { NoncurrentDays: 30 },
    ExpiredObjectDeleteMarker: true,
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
  };
  // Nothing else: what is the newest version never goes by its age.
  for (const id of versioned)
    expect(storage.findResources('AWS::S3::Bucket')[id]!.Properties.LifecycleConfiguration.Rules).toEqual([
      rule,
    ]);
  storage.hasResourceProperties('AWS::S3::Bucket', {
    LoggingConfiguration: { LogFilePrefix: 'results/' },
    LifecycleConfiguration: { Rules: [Match.objectLike({ ExpirationInDays: 7, Status: 'Enabled' })] },
  });
});

test('storage.deltas: nobody but the role of vacuum and erase deletes one', () => {
  const [removal] = Object.keys(storage.findResources('AWS::IAM::Role'));
  storage.hasResourceProperties('AWS::S3::BucketPolicy', {
    Bucket: { Ref: 'MyShopLakeBucket' },
    PolicyDocument: {
      Statement: Match.arrayWith([
        {
          Sid: 'OnlyVacuumAndEraseRemoveDeltas',
          Effect: 'Deny',
          Principal: '*',
          Action: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
          Resource: { 'Fn::Join': ['', [{ 'Fn::GetAtt': ['MyShopLakeBucket', 'Arn'] }, '/deltas/*']] },
          Condition: { ArnNotEquals: { 'aws:PrincipalArn': { 'Fn::GetAtt': [removal, 'Arn'] } } },
        },
      ]),
    },
  });
});

test('storage.ledger: recoverable, protected, keyed as the Items port', () => {
  storage.hasResourceProperties('AWS::DynamoDB::GlobalTable', {
    KeySchema: [
      { AttributeName: 'partition', KeyType: 'HASH' },
      { AttributeName: 'sort', KeyType: 'RANGE' },
    ],
    Replicas: [
      Match.objectLike({
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      }),
    ],
  });
});

test('storage.databases: names Athena takes without quotes', () => {
  const names = Object.values(storage.findResources('AWS::Glue::Database'));
  expect(names.map(({ Properties }) => Properties.DatabaseInput.Name)).toEqual([
    'my_shop',
    'my_shop_staging',
  ]);
});

test('storage.workgroups: engine 3, encrypted answers, and a limit for people alone', () => {
  const [people, system] = Object.values(storage.findResources('AWS::Athena::WorkGroup')).map(
    ({ Properties }) => Properties,
  );
  expect([people!.Name, system!.Name]).toEqual(['my-shop', 'my-shop-system']);
  expect(people!.WorkGroupConfiguration.BytesScannedCutoffPerQuery).toBe(100 * 2 ** 30);
  expect(system!.WorkGroupConfiguration).not.toHaveProperty('BytesScannedCutoffPerQuery');
  storage.allResourcesProperties('AWS::Athena::WorkGroup', {
    RecursiveDeleteOption: true,
    WorkGroupConfiguration: Match.objectLike({
      EnforceWorkGroupConfiguration: true,
      EngineVersion: { SelectedEngineVersion: 'Athena engine version 3' },
      ResultConfiguration: Match.objectLike({ EncryptionConfiguration: { EncryptionOption: 'SSE_S3' } }),
    }),
  });
});

test('storage.landing: a property of the bucket announces every object, and the queue lets it in before', () => {
  const [queuePolicy] = Object.entries(storage.findResources('AWS::SQS::QueuePolicy')).flatMap(
    ([id, policy]) => (JSON.stringify(policy).includes('s3.amazonaws.com') ? [id] : []),
  );
  const landing = storage.findResources('AWS::S3::Bucket').MyShopLandingBucket!;
  expect(landing.DependsOn).toContain(queuePolicy);
  expect(landing.Properties.NotificationConfiguration.QueueConfigurations).toEqual([
    { Event: 's3:ObjectCreated:*', Queue: { 'Fn::GetAtt': [expect.stringContaining('IngestQueue'), 'Arn'] } },
  ]);
  storage.hasResourceProperties('AWS::SQS::QueuePolicy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({
          Principal: { Service: 's3.amazonaws.com' },
          Action: 'sqs:SendMessage',
          Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
        }),
      ]),
    },
  });
  // The CDK's own notifications are a function of its own; a FIFO queue is refused at deploy.
  storage.resourceCountIs('AWS::Lambda::Function', 0);
  storage.allResourcesProperties('AWS::SQS::Queue', { FifoQueue: Match.absent() });
});

test('storage.stream: one shard and seven days, only for a config that names one', () => {
  storage.hasResourceProperties('AWS::Kinesis::Stream', {
    ShardCount: 1,
    RetentionPeriodHours: 168,
    StreamEncryption: { EncryptionType: 'KMS' },
  });
  templates().storage.resourceCountIs('AWS::Kinesis::Stream', 0);
  const there = {
    kind: 'kinesis',
    format: 'json',
    streamArn: 'arn:aws:kinesis:us-east-1:123456789012:stream/x',
  } as const;
  templates({ sources: { there } }).storage.resourceCountIs('AWS::Kinesis::Stream', 0);
});

test('storage.stream: one of any format is deployed, and of none, whose records tell theirs', () => {
  for (const format of ['dms', 'debezium', 'service-event', 'json', undefined] as const) {
    const source = { kind: 'kinesis' as const, ...(format ? { format } : {}) };
    templates({ sources: { source } }).storage.resourceCountIs('AWS::Kinesis::Stream', 1);
  }
});

test('storage.outputs: what the command line finds a lake by', () => {
  const names = [
    'LandingBucket',
    'LakeBucket',
    'ResultsBucket',
    'LogsBucket',
    'Ledger',
    'Database',
    'StagingDatabase',
  ];
  names.push(
    'Workgroup',
    'SystemWorkgroup',
    'QueryPolicy',
    'IngestQueue',
    'IngestDeadLetters',
    'StreamEvents',
  );
  const outputs = Object.keys(storage.findOutputs('*')).filter(name => !name.startsWith('ExportsOutput'));
  expect(outputs.sort()).toEqual(names.map(name => `MyShop${name}`).sort());
});

test('storage.key: one of the account encrypts what holds rows', () => {
  const kmsKeyArn = 'arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9';
  const own = templates({
    deploy: { kmsKeyArn },
    sources: { events: { kind: 'kinesis', format: 'json' } },
  }).storage;
  const byKey = { ServerSideEncryptionByDefault: { KMSMasterKeyID: kmsKeyArn, SSEAlgorithm: 'aws:kms' } };
  for (const name of ['landing', 'lake', 'results'])
    own.hasResourceProperties('AWS::S3::Bucket', {
      LoggingConfiguration: { LogFilePrefix: `${name}/` },
      BucketEncryption: { ServerSideEncryptionConfiguration: [Match.objectLike(byKey)] },
    });
  own.hasResourceProperties('AWS::DynamoDB::GlobalTable', {
    SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
    Replicas: [Match.objectLike({ SSESpecification: { KMSMasterKeyId: kmsKeyArn } })],
  });
  own.hasResourceProperties('AWS::Kinesis::Stream', { StreamEncryption: { KeyId: kmsKeyArn } });
  own.allResourcesProperties('AWS::Athena::WorkGroup', {
    WorkGroupConfiguration: Match.objectLike({
      ResultConfiguration: Match.objectLike({
        EncryptionConfiguration: { EncryptionOption: 'SSE_KMS', KmsKey: kmsKeyArn },
      }),
    }),
  });
});

import type { Template } from 'aws-cdk-lib/assertions';
import { ConfigError } from '../../lib/config/errors';
import { DMS, templates } from './app';
import { actionsOf, allowed, rightsOf, type Statement } from './policies';

const IDS = { lake: '1', stream: '2', secret: '3' } as const;
const key = (of: keyof typeof IDS) =>
  `arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f${IDS[of]}`;
const THERE = {
  kind: 'kinesis',
  format: 'dms',
  streamArn: 'arn:aws:kinesis:us-east-1:123456789012:stream/x',
  streamKmsKeyArn: key('stream'),
} as const;
const { schemas, secretArn } = DMS;
const TO_STREAM = {
  kind: 'dms-kinesis',
  stream: 'there',
  schemas,
  secretArn,
  secretKmsKeyArn: key('secret'),
} as const;

const { pipeline, dms } = templates({
  deploy: { kmsKeyArn: key('lake') },
  sources: { there: THERE, own: { kind: 'kinesis', format: 'json' }, db: TO_STREAM },
});

const of = (statements: readonly Statement[], resource: keyof typeof IDS) =>
  statements.filter(statement => [statement.Resource].flat().includes(key(resource)));

/** What a role of the replication may do, by the inline policy's name. */
function roleOf(template: Template, policy: 'Secret' | 'Target'): Statement[] {
  const role = [...allowed(template)].find(([id]) => id.includes(`Db${policy}Role`));
  return role?.[1] ?? [];
}

const through = (service: string) => ({
  StringEquals: {
    'kms:ViaService': { 'Fn::Join': ['', [`${service}.`, { Ref: 'AWS::Region' }, '.amazonaws.com']] },
  },
});

test('keys.stream: an existing stream is read by its own key, through Kinesis alone', () => {
  const [statement, ...more] = of(rightsOf(pipeline, 'ingest-stream'), 'stream');
  expect(more).toEqual([]);
  expect(statement).toMatchObject({ Action: 'kms:Decrypt', Condition: through('kinesis') });
  for (const name of ['ingest-files', 'merge', 'sweep', 'report'])
    expect(of(rightsOf(pipeline, name), 'stream')).toEqual([]);
});

test("keys.stream: what replicates into it writes under its key, not under the lake's", () => {
  const rights = roleOf(dms, 'Target');
  expect(of(rights, 'stream').flatMap(actionsOf).sort()).toEqual(['kms:Decrypt', 'kms:GenerateDataKey']);
  expect(of(rights, 'lake')).toEqual([]);
});

test('keys.landing: what replicates into the landing bucket writes under the key of the lake', () => {
  const made = templates({ deploy: { kmsKeyArn: key('lake') }, sources: { db: DMS } }).dms;
  const rights = of(roleOf(made, 'Target'), 'lake');
  expect(rights.flatMap(actionsOf).sort()).toEqual(['kms:Decrypt', 'kms:GenerateDataKey']);
  made.hasResourceProperties('AWS::DMS::Endpoint', {
    S3Settings: { EncryptionMode: 'sse-kms', ServerSideEncryptionKmsKeyId: key('lake') },
  });
  expect(JSON.stringify(roleOf(templates({ sources: { db: DMS } }).dms, 'Target'))).not.toContain('kms:');
});

test('keys.secret: DMS opens it through Secrets Manager alone', () => {
  const rights = of(roleOf(dms, 'Secret'), 'secret');
  expect(rights.find(s => actionsOf(s).includes('kms:Decrypt'))).toMatchObject({
    Action: 'kms:Decrypt',
    Condition: through('secretsmanager'),
  });
  expect(rights.flatMap(actionsOf).sort()).toEqual(['kms:Decrypt', 'kms:DescribeKey']);
  const plain = templates({ sources: { db: DMS } }).dms;
  expect(JSON.stringify(roleOf(plain, 'Secret'))).not.toContain('kms:');
});

test('keys.config: a key of a stream that the lake makes itself is refused', () => {
  const own = { kind: 'kinesis', format: 'json', streamKmsKeyArn: key('stream') } as const;
  expect(() => templates({ sources: { own } })).toThrow(ConfigError);
  expect(() => templates({ sources: { own } })).toThrow(/sources\.own\.streamKmsKeyArn: .*deploy\.kmsKeyArn/);
});

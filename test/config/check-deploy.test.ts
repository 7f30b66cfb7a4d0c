import { Token } from 'aws-cdk-lib';
import { checkDeployable } from '../../lib/config/check-deploy';
import type { DmsS3Source, LakeConfig } from '../../lib/config/define';
import { resolveLake } from '../../lib/config/resolve';

const FILE = '/lake/tidemark.config.ts';
const ACCOUNT = 'us-east-1:123456789012';
const ORDERS: LakeConfig['tables'][string] = {
  key: ['id'],
  from: 'shop.orders',
  columns: { id: 'bigint', ordered_at: 'timestamp', card_number: 'string' },
};
const DMS: DmsS3Source = {
  kind: 'dms-s3',
  schemas: { shop: ['orders'] },
  secretArn: `arn:aws:secretsmanager:${ACCOUNT}:secret:shop-AbCdEf`,
};
const MADE = Token.asString({ Ref: 'Made' });
const VPC = { vpcId: 'vpc-1a', subnetIds: ['subnet-1a', 'subnet-2b'], securityGroupIds: ['sg-1a'] };

const lake = (rest: Partial<LakeConfig>): LakeConfig => ({
  name: 'shop',
  tables: { orders: ORDERS },
  ...rest,
});
const table = (rest: Partial<typeof ORDERS>) => lake({ tables: { orders: { ...ORDERS, ...rest } } });
const dms = (rest: Partial<DmsS3Source>) => lake({ sources: { db: { ...DMS, ...rest } } });
const check = (config: LakeConfig) => checkDeployable(resolveLake(config, FILE), FILE);

test.each<[string, LakeConfig]>([
  ['a plain lake', lake({})],
  ['a column that only the source has', table({ partitionBy: ['day(delivered)'], omit: ['password'] })],
  ['a replication in a network that is there', dms({ vpc: VPC })],
  ['ids and ARNs that the CDK makes', dms({ secretArn: MADE, vpc: { ...VPC, vpcId: MADE } })],
  [
    'an existing stream',
    lake({
      sources: { s: { kind: 'kinesis', format: 'json', streamArn: `arn:aws:kinesis:${ACCOUNT}:stream/x` } },
    }),
  ],
])('check-deploy.fine: %s', (_, config) => expect(() => check(config)).not.toThrow());

test.each<[LakeConfig, string]>([
  [lake({ name: 'shop-staging' }), 'name: "shop-staging" is what a lake "shop" makes for itself'],
  [lake({ name: 'shop-system' }), 'name: "shop-system" is what a lake "shop" makes for itself'],
  [lake({ name: 'primary' }), 'name: "primary" is Athena\'s own in every account'],
  [lake({ name: 'xn--shop' }), 'name: "xn--shop": S3 takes no bucket that begins so'],
  [lake({ tables: {} }), 'tables: are none'],
  [table({ key: [] }), 'tables.orders: key: []'],
  [
    table({ key: ['idd'] }),
    'tables.orders.key[0]: "idd" is not a declared column; did you mean "id"? If it is one, add it to columns',
  ],
  [
    table({ partitionBy: ['day(order_at)'] }),
    'tables.orders.partitionBy[0]: "order_at" is not a declared column; did you mean "ordered_at"?',
  ],
  [
    table({ where: { cardnumber: '1' } }),
    'tables.orders.where.cardnumber: "cardnumber" is not a declared column',
  ],
  [table({ omit: ['cardnumber'] }), 'tables.orders.omit[0]: "cardnumber" is not a declared column'],
  [
    table({ deletedWhen: { column: 'orderd_at', equals: null } }),
    'tables.orders.deletedWhen.column: "orderd_at"',
  ],
  [lake({ deploy: { kmsKeyArn: 'alias/shop' } }), 'deploy.kmsKeyArn: "alias/shop" is not the ARN of a key'],
  [lake({ deploy: { kmsKeyArn: `arn:aws:kms:${ACCOUNT}:alias/shop` } }), 'deploy.kmsKeyArn: '],
  [lake({ deploy: { alarmEmail: 'nobody' } }), 'deploy.alarmEmail: "nobody" is not an address'],
  [dms({ secretArn: 'shop-db' }), 'sources.db.secretArn: "shop-db" is not the ARN of a secret'],
  [dms({ secretArn: `arn:aws:rds:${ACCOUNT}:db:shop` }), 'sources.db.secretArn: '],
  [dms({ secretKmsKeyArn: 'alias/x' }), 'sources.db.secretKmsKeyArn: "alias/x" is not the ARN of a key'],
  [dms({ certificateArn: 'rds-ca' }), 'sources.db.certificateArn: "rds-ca" is not the ARN of a certificate'],
  [dms({ schemas: {} }), 'sources.db.schemas: name no table'],
  [dms({ schemas: { shop: ['%'] } }), 'sources.db.schemas.shop[0]: "shop.%" stands for many'],
  [dms({ schemas: { shop: ['jobs'] } }), 'sources.db.schemas.shop[0]: "shop.jobs" goes to no table'],
  [
    dms({ schemas: { shop: ['orders', 'orders'] } }),
    'sources.db.schemas.shop[1]: "shop.orders" is replicated by "db" already',
  ],
  [
    lake({ sources: { a: DMS, b: DMS } }),
    'sources.b.schemas.shop[0]: "shop.orders" is replicated by "a" already',
  ],
  [dms({ vpc: { ...VPC, vpcId: 'my-vpc' } }), 'sources.db.vpc.vpcId: "my-vpc" is not the id of a VPC'],
  [
    dms({ vpc: { ...VPC, subnetIds: ['a', 'subnet-1a'] } }),
    'sources.db.vpc.subnetIds[0]: "a" is not the id of a subnet',
  ],
  [
    dms({ vpc: { ...VPC, subnetIds: ['subnet-1a', 'subnet-1a'] } }),
    'sources.db.vpc.subnetIds[1]: "subnet-1a" is named twice',
  ],
  [
    dms({ vpc: { ...VPC, securityGroupIds: ['default'] } }),
    'sources.db.vpc.securityGroupIds[0]: "default" is not the id',
  ],
  [
    lake({ sources: { s: { kind: 'kinesis', format: 'json', streamArn: 'mine' } } }),
    'sources.s.streamArn: "mine" is not the ARN of a stream',
  ],
  [
    lake({
      sources: { 'my-s': { kind: 'kinesis', format: 'json' }, my_s: { kind: 'kinesis', format: 'json' } },
    }),
    'sources.my_s: names of resources are made of it, as of "my-s"',
  ],
])('check-deploy.refused: %#', (config, message) => {
  expect(() => check(config)).toThrow(message);
  expect(() => check(config)).toThrow(/^\[TM_1003\] .* · \/lake\/tidemark\.config\.ts · /s);
});

test('check-deploy.all: every problem at once', () => {
  const config = { ...dms({ secretArn: 'x' }), name: 'default', deploy: { alarmEmail: 'x' } };
  expect(() => check(config)).toThrow(/3 problems/);
});

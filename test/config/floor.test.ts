import type { LakeConfig } from '../../lib/config/define';
import { monthlyFloor, PRICES, total } from '../../lib/config/floor';
import { resolveLake } from '../../lib/config/resolve';
import { config, DMS, templates } from '../constructs/app';

const floor = (rest: Partial<LakeConfig> = {}) =>
  monthlyFloor(resolveLake(config(rest), '/c/tidemark.config.ts'));
const VPC = { vpcId: 'vpc-1', subnetIds: ['subnet-1', 'subnet-2'], securityGroupIds: ['sg-1'] };

test.each<[string, Partial<LakeConfig>]>([
  ['files alone', {}],
  ['a stream', { sources: { events: { kind: 'kinesis', format: 'json' } } }],
  [
    'an existing stream',
    {
      sources: {
        events: {
          kind: 'kinesis',
          format: 'json',
          streamArn: 'arn:aws:kinesis:us-east-1:123456789012:stream/s',
        },
      },
    },
  ],
  ['a replication', { sources: { dms: DMS } }],
  ['loads', { deploy: { loads: { from: ['s3://exports/shop/'] } } }],
])('floor.counts what is deployed: %s', (_, rest) => {
  const all = Object.values(templates(rest));
  const made = (type: string) => all.reduce((sum, t) => sum + Object.keys(t.findResources(type)).length, 0);
  const text = floor(rest)
    .map(({ what }) => what)
    .join('\n');
  expect(text).toContain(`${made('AWS::CloudWatch::Alarm')} alarms`);
  expect(made('AWS::CloudWatch::Dashboard')).toBe(1);
  expect(text.includes('stream events')).toBe(made('AWS::Kinesis::Stream') > 0);
  expect(text.includes('replication dms')).toBe(made('AWS::DMS::ReplicationConfig') > 0);
  expect(text.includes('2 endpoints in 2 zones')).toBe(made('AWS::EC2::VPCEndpoint') > 0);
});

test('floor.arithmetic', () => {
  const of = (what: string, rest: Partial<LakeConfig>) =>
    floor(rest).find(line => line.what.startsWith(what))?.month;
  const stream = (more: object) => ({
    sources: { s: { kind: 'kinesis' as const, format: 'json' as const, ...more } },
  });
  expect(of('stream s', stream({}))).toBeCloseTo(25.55, 2);
  expect(of('stream s', stream({ shards: 3, retentionDays: 1 }))).toBeCloseTo(32.85, 2);
  expect(of('stream s', stream({ shards: 'on-demand' }))).toBeCloseTo(29.2, 2);
  expect(of('replication dms', { sources: { dms: { ...DMS, capacity: { min: 2, max: 4 } } } })).toBeCloseTo(
    2 * 730 * PRICES.dmsUnitHour,
    2,
  );
  expect(of('network', { sources: { dms: DMS } })).toBeCloseTo(29.2, 2);
  expect(of('network', { sources: { dms: { ...DMS, vpc: VPC } } })).toBeUndefined();
  expect(total(floor())).toBeLessThan(10);
});

import type { ResolvedLake, ResolvedSource } from './resolved';
import { httpSources, RETENTION_DAYS, type StreamSource, streamSources } from './stream-sources';

/**
 * US dollars in us-east-1, without free tiers and taxes. As the price pages of AWS said in November 2026:
 * aws.amazon.com/kinesis/data-streams/pricing, /dms/pricing, /privatelink/pricing, /cloudwatch/pricing,
 * /sqs/pricing, /lambda/pricing, /secrets-manager/pricing.
 */
export const PRICES = {
  shardHour: 0.015,
  /** Each shard that keeps records for longer than a day, up to seven; beyond them bytes are paid. */
  shardHourKeptLonger: 0.02,
  onDemandStreamHour: 0.04,
  /** A DMS capacity unit, in one zone. */
  dmsUnitHour: 0.087,
  interfaceEndpointHour: 0.01,
  alarmMonth: 0.1,
  metricMonth: 0.3,
  dashboardMonth: 3,
  millionQueueRequests: 0.4,
  millionInvocations: 0.2,
  gigabyteSecond: 0.0000133334,
} as const;

const HOURS_A_MONTH = 730;
const DAYS_KEPT_AT_NO_COST = 1;
/** Kinesis and Secrets Manager, in two zones. */
const ENDPOINT_ZONES = 4;

/** Something that costs the same whether or not a row changes. */
export interface Standing {
  readonly what: string;
  /** US dollars a month; 0 for what is paid by use alone. */
  readonly month: number;
}

/** What a deploy of the lake makes, with what each part costs in a month in which nothing changes. */
export function monthlyFloor(lake: ResolvedLake): Standing[] {
  return [
    { what: 'buckets, ledger, databases, workgroups: by use', month: 0 },
    ...streamSources(lake).flatMap(([name, source]) =>
      source.streamArn === undefined ? [streamFloor(name, source)] : [],
    ),
    ...Object.entries(lake.sources).flatMap(([name, source]) => sourceFloor(name, source)),
    ...httpSources(lake).map(([name]) => ({ what: `intake ${name}: by use`, month: 0 })),
    ...networkFloor(lake),
    { what: `${functionsOf(lake)} functions, 3 queues, swept every minute`, month: sweeping() },
    { what: `${alarmsOf(lake)} alarms`, month: alarmsOf(lake) * PRICES.alarmMonth },
    // The others are written when something happens, which is when they cost.
    { what: 'the metric that is written all the time', month: PRICES.metricMonth },
    { what: 'dashboard', month: PRICES.dashboardMonth },
  ];
}

export function total(floor: readonly Standing[]): number {
  return floor.reduce((sum, { month }) => sum + month, 0);
}

function sourceFloor(name: string, source: ResolvedSource): Standing[] {
  if (source.kind !== 'dms-s3' && source.kind !== 'dms-kinesis') return [];
  const { min } = source.capacity;
  const what = `replication ${name}: ${min} DMS capacity ${min === 1 ? 'unit' : 'units'} at least`;
  return [{ what, month: min * PRICES.dmsUnitHour * HOURS_A_MONTH }];
}

function streamFloor(name: string, { shards = 1, retentionDays = RETENTION_DAYS }: StreamSource): Standing {
  if (shards === 'on-demand')
    return { what: `stream ${name}: on demand`, month: PRICES.onDemandStreamHour * HOURS_A_MONTH };
  const kept = retentionDays > DAYS_KEPT_AT_NO_COST ? PRICES.shardHourKeptLonger : 0;
  const what = `stream ${name}: ${shards} ${shards === 1 ? 'shard' : 'shards'}, ${retentionDays} days kept`;
  return { what, month: shards * (PRICES.shardHour + kept) * HOURS_A_MONTH };
}

/** One network for all replications that name none. */
function networkFloor({ sources }: ResolvedLake): Standing[] {
  const alone = Object.values(sources).some(
    s => (s.kind === 'dms-s3' || s.kind === 'dms-kinesis') && s.vpc === undefined,
  );
  const month = ENDPOINT_ZONES * PRICES.interfaceEndpointHour * HOURS_A_MONTH;
  return alone ? [{ what: 'network for replications: 2 endpoints in 2 zones', month }] : [];
}

const streamsOf = (lake: ResolvedLake) => streamSources(lake).length;

const intakesOf = (lake: ResolvedLake) => httpSources(lake).length;

const loadsOf = ({ deploy }: ResolvedLake) => (deploy.loads ? 1 : 0);

const functionsOf = (lake: ResolvedLake) =>
  6 + (streamsOf(lake) > 0 ? 1 : 0) + intakesOf(lake) + loadsOf(lake);

/** A sweep a minute of half a second and half a GB; AWS Lambda asks each queue for messages about 15 times a minute. */
function sweeping(): number {
  const minutes = HOURS_A_MONTH * 60;
  const sweeps = minutes * (PRICES.millionInvocations / 1e6 + 0.5 * 0.5 * PRICES.gigabyteSecond);
  return sweeps + ((minutes * 15 * 3) / 1e6) * PRICES.millionQueueRequests;
}

/** Two a queue, one a function, two a stream, one more an intake, one a watched table, one of loads, five of the lake (lib/constructs/pipeline/alarms.ts). */
function alarmsOf(lake: ResolvedLake): number {
  const watched = lake.tables.filter(table => table.watch).length;
  return 6 + functionsOf(lake) + 2 * streamsOf(lake) + intakesOf(lake) + watched + loadsOf(lake) + 5;
}

import './counting';

import type { KinesisStreamEvent } from 'aws-lambda';
import { compact } from '../../lambdas/compact/handler';
import { ingestFiles } from '../../lambdas/ingest-files/handler';
import { ingestStream } from '../../lambdas/ingest-stream/handler';
import { merge } from '../../lambdas/merge/handler';
import { type QueryEnded, report } from '../../lambdas/report/handler';
import { sweep } from '../../lambdas/sweep/handler';
import { vacuum } from '../../lambdas/vacuum/handler';
import type { LakeConfig, TableConfig } from '../../lib/config/define';
import { METRICS, METRICS_NAMESPACE } from '../../lib/config/metric-names';
import { templates } from '../constructs/app';
import { awsTestLake, objectEvent, sqsEvent, type TestAwsLake, within } from './aws-lake';
import { type Figure, figuresOf, heard } from './emf';

const ORDERS: TableConfig = {
  key: ['id'],
  columns: { id: 'bigint', v: 'int' },
  onBadRow: 'quarantineRow',
  freshness: '1 hour',
  watch: true,
};
const CONFIG: LakeConfig = {
  name: 'my-shop',
  tables: {
    orders: ORDERS,
    users: { ...ORDERS, watch: false },
    visits: { ...ORDERS, from: 'events' },
  },
  sources: { events: { kind: 'kinesis', format: 'json' } },
  reports: { daily: { table: 'orders', schedule: 'daily' } },
};
const TIME = within(900_000);
const HOUR_MS = 3_600_000;
const LAKE = { service: 'tidemark', lake: 'my-shop' };

/** A figure of the lake, and beside it those of watched tables. */
function counted(name: keyof typeof METRICS, value: number, tables: Record<string, number> = {}): Figure[] {
  const one = (dimensions: Record<string, string>, of: number) => ({
    ...{ namespace: METRICS_NAMESPACE, name: METRICS[name], dimensions, value: of },
  });
  const watched = Object.entries(tables).map(([table, of]) => one({ ...LAKE, table }, of));
  return [...watched, one(LAKE, value)];
}

async function landed(lake: TestAwsLake, files: Record<string, string>): Promise<void> {
  for (const [key, body] of Object.entries(files)) await lake.landing.put(key, Buffer.from(body));
  await ingestFiles(lake)(sqsEvent(...Object.keys(files).map(key => objectEvent(key))), TIME);
}

const wrong = () => {
  throw new Error('the SQL is wrong');
};

/** A lake into which a file came for each of two tables, and time went by. */
async function waitingLake(ms: number): Promise<TestAwsLake> {
  const lake = awsTestLake(CONFIG, { answer: wrong });
  await heard(() => landed(lake, { 'orders.csv': 'id\n1\n', 'users.csv': 'id\n1\n' }));
  lake.clock.advance(ms);
  return lake;
}

/** The same lake, whose catalog does not answer. */
function withoutGlue(lake: TestAwsLake): TestAwsLake {
  const catalog = { ...lake.ports.catalog, load: () => Promise.reject(new Error('Glue is away')) };
  return { ...lake, ports: { ...lake.ports, catalog }, queryPorts: { ...lake.queryPorts, catalog } };
}

const MERGES = sqsEvent({ table: 'orders' }, { table: 'users' });

function records(...texts: string[]): KinesisStreamEvent {
  const Records = texts.map((text, i) => ({
    eventID: `shardId-000000000000:${i + 1}`,
    eventSourceARN: 'arn:aws:kinesis:eu-west-1:123456789012:stream/shop-events',
    kinesis: {
      sequenceNumber: String(i + 1),
      partitionKey: 'k',
      data: Buffer.from(text).toString('base64'),
      approximateArrivalTimestamp: 1_545_084_650.5,
    },
  }));
  return { Records } as unknown as KinesisStreamEvent;
}

const streamOf = async () => ({
  ...{ source: 'events', stream: { name: 'shop-events', createdAt: 1, shards: async () => [] } },
});

interface Run {
  /** Makes the lake as it has to be, and gives the invocation that is looked at. */
  readonly prepare: () => Promise<() => Promise<unknown>>;
  readonly publishes: readonly Figure[];
}

const RUNS: Readonly<Record<string, Run>> = {
  'ingest-files: what is taken in, and what is put aside': {
    prepare: async () => {
      const lake = awsTestLake(CONFIG);
      const files = { 'a/orders.csv': 'id\n1\n2\n', 'b/orders.csv': 'id\n"', 'users.csv': 'id\n"' };
      return () => landed(lake, files);
    },
    publishes: [
      ...counted('filesTakenIn', 1),
      ...counted('rowsTakenIn', 2, { orders: 2 }),
      ...counted('quarantined', 2, { orders: 1 }),
    ],
  },
  'ingest-files: a row that is put aside': {
    prepare: async () => {
      const lake = awsTestLake(CONFIG);
      return () => landed(lake, { 'a/orders.jsonl': '{"id": 1}\n{"id": 2, "v": "x"}\n' });
    },
    publishes: [
      ...counted('filesTakenIn', 1),
      ...counted('rowsTakenIn', 1, { orders: 1 }),
      ...counted('quarantined', 1, { orders: 1 }),
    ],
  },
  'ingest-stream: a record that is none, and one that does not fit': {
    prepare: async () => {
      const lake = { ...awsTestLake(CONFIG), streamOf };
      return () => ingestStream(lake)(records('no json', '{"id": 1, "v": "x"}', '{"id": 2, "v": 2}'));
    },
    publishes: [...counted('rowsTakenIn', 1, { visits: 1 }), ...counted('quarantined', 2, { visits: 1 })],
  },
  'ingest-stream: a batch that fails': {
    prepare: async () => {
      const lake = { ...withoutGlue(awsTestLake(CONFIG)), streamOf };
      return () => ingestStream(lake)(records('{"id": 1}'));
    },
    publishes: counted('failures', 1),
  },
  merge: {
    prepare: async () => {
      const lake = await waitingLake(0);
      return () => merge(lake)(MERGES, TIME);
    },
    publishes: [...counted('merges', 2, { orders: 1 }), ...counted('entriesMerged', 2, { orders: 1 })],
  },
  'merge: messages that fail': {
    prepare: async () => {
      const lake = withoutGlue(await waitingLake(0));
      return () => merge(lake)(MERGES, TIME);
    },
    publishes: counted('failures', 2),
  },
  'merge: a history view that fails': {
    prepare: async () => {
      const lake = await waitingLake(0);
      const jobs = { ...lake.jobs, start: () => Promise.reject(new Error('no engine')) };
      const broken = { ...lake, queryPorts: { ...lake.queryPorts, jobs } };
      return () => merge(broken)(sqsEvent({ table: 'users' }), TIME);
    },
    publishes: [...counted('merges', 1), ...counted('entriesMerged', 1), ...counted('failures', 1)],
  },
  'report: a query that fails': {
    prepare: async () => {
      const lake = await waitingLake(25 * HOUR_MS);
      await heard(() => merge(lake)(MERGES, TIME));
      await heard(() => report(lake)(sqsEvent({ report: 'daily', date: '2026-01-01' }), TIME));
      const id = `job-${lake.jobs.started.length}`;
      await lake.jobs.finish();
      return () => report(lake)({ detail: { queryExecutionId: id } } as QueryEnded, TIME);
    },
    publishes: counted('reportsFailed', 1),
  },
  'sweep: nothing waits': {
    prepare: async () => () => sweep(awsTestLake(CONFIG))({}, TIME),
    publishes: counted('secondsBehind', 0),
  },
  'sweep: tables that wait': {
    prepare: async () => {
      const lake = await waitingLake(0);
      await heard(() => ingestStream({ ...lake, streamOf })(records('{"id": 1}')));
      lake.clock.advance(3 * HOUR_MS);
      return () => sweep(lake)({}, TIME);
    },
    publishes: counted('secondsBehind', 2 * 3600, { orders: 2 * 3600, visits: 2 * 3600 }),
  },
  'sweep: an object that no event announced': {
    prepare: async () => {
      const lake = awsTestLake(CONFIG);
      await lake.landing.put('orders.csv', Buffer.from('id\n1\n'));
      return () => sweep(lake)({ listing: 'full' }, TIME);
    },
    publishes: [...counted('secondsBehind', 0), ...counted('objectsMissed', 1)],
  },
  'sweep: concerns that fail': {
    prepare: async () => {
      const lake = awsTestLake(CONFIG);
      const list = async function* () {
        yield* await Promise.reject<never[]>(new Error('S3 is away'));
      };
      const broken = { ...lake, landing: { ...lake.landing, list } };
      return () => sweep(broken)({ listing: 'full' }, TIME);
    },
    publishes: [...counted('failures', 1), ...counted('secondsBehind', 0)],
  },
  'compact: a table that fails stops no other': {
    prepare: async () => {
      const lake = withoutGlue(await waitingLake(0));
      return () => compact(lake)({}, TIME);
    },
    publishes: counted('failures', 3),
  },
  vacuum: {
    prepare: async () => {
      const lake = await waitingLake(0);
      await lake.ports.store.put('deltas/orders/stray.parquet', new Uint8Array(10));
      await vacuum(lake)({}, TIME);
      lake.clock.advance(9 * 24 * HOUR_MS);
      return () => vacuum(lake)({}, TIME);
    },
    publishes: counted('objectsVacuumed', 1),
  },
};

const published = new Map<string, Figure[]>();
beforeAll(async () => {
  for (const [name, { prepare }] of Object.entries(RUNS)) {
    const run = await prepare();
    // An invocation that ends with an error has counted too.
    published.set(name, figuresOf(await heard(() => run().catch(() => {}))));
  }
});

const sorted = (figures: readonly Figure[]) => figures.map(figure => JSON.stringify(figure)).sort();

test.each(Object.entries(RUNS))('metrics.published: %s', (name, { publishes }) => {
  expect(sorted(published.get(name)!)).toEqual(sorted(publishes));
});

test('metrics.alarms: each is about a figure that some function publishes under just its dimensions', () => {
  const { name, tables, sources } = CONFIG;
  const { pipeline } = templates({ name, tables, sources, reports: {} });
  const alarms = Object.values(pipeline.findResources('AWS::CloudWatch::Alarm')).map(a => a.Properties);
  const own = alarms.filter(({ Namespace }) => Namespace === METRICS_NAMESPACE);
  expect(own.length).toBeGreaterThan(4);
  const key = (metric: string, dimensions: Readonly<Record<string, unknown>>) =>
    JSON.stringify([metric, Object.entries(dimensions).sort()]);
  const known = [...published.values()].flat().map(f => key(f.name, f.dimensions));
  const asked = own.map(({ MetricName, Dimensions }) =>
    key(MetricName, Object.fromEntries((Dimensions as Dimension[]).map(d => [d.Name, d.Value]))),
  );
  expect(asked.filter(one => !known.includes(one))).toEqual([]);
});

interface Dimension {
  readonly Name: string;
  readonly Value: string;
}

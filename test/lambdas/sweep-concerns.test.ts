import './quiet';

import { ingestFiles } from '../../lambdas/ingest-files/handler';
import { merge } from '../../lambdas/merge/handler';
import { VIEW_PARTITION, WAITING_PARTITION } from '../../lib/ledger/keys';
import { type SweepPorts, type Swept, sweep } from '../../lib/stages/sweep/sweep';
import { awsTestLake, objectEvent, sqsEvent, type TestAwsLake, WINDOW_MS, within } from './aws-lake';

const ORDERS = { key: ['id'], columns: { id: 'bigint' as const } };
const CONFIG = {
  name: 'shop',
  tables: { orders: ORDERS, users: ORDERS },
  reports: { daily: { table: 'orders', schedule: 'daily' as const } },
};
const TIME = within(300_000);

/** A lake with something to do for each concern: a table that waits, a date that is due, a view, a missed object. */
async function busyLake(): Promise<TestAwsLake> {
  const lake = awsTestLake(CONFIG);
  const land = async (key: string) => {
    await lake.landing.put(key, Buffer.from('id\n1\n'));
    await ingestFiles(lake)(sqsEvent(objectEvent(key)), TIME);
  };
  await land('orders.csv');
  // The view's query is not there to be asked for.
  const jobs = { ...lake.jobs, start: () => Promise.reject(new Error('no engine')) };
  await merge({ ...lake, queryPorts: { ...lake.queryPorts, jobs } })(sqsEvent({ table: 'orders' }), TIME);
  lake.clock.advance(25 * 3_600_000);
  await land('users.csv');
  lake.clock.advance(600_000);
  await lake.landing.put('2/orders.csv', Buffer.from('id\n2\n'));
  return lake;
}

const away = () => Promise.reject(new Error('it is away'));

/** What each concern alone stands on, broken. */
const BROKEN: Readonly<Record<string, (ports: SweepPorts) => Partial<SweepPorts>>> = {
  'waiting tables': ports => withoutItems(ports, WAITING_PARTITION),
  reports: ({ wakeUps }) => ({ wakeUps: { ...wakeUps, report: away } }),
  views: ports => withoutItems(ports, VIEW_PARTITION),
  'the landing': ({ landing }) => ({
    landing: {
      ...landing,
      async *list() {
        yield await away();
      },
    },
  }),
};

function withoutItems({ items }: SweepPorts, partition: string): Partial<SweepPorts> {
  const query: typeof items.query = (of, ...rest) => (of === partition ? away() : items.query(of, ...rest));
  const get: typeof items.get = key => (key.partition === partition ? away() : items.get(key));
  return { items: { ...items, query, get } };
}

/** A sweep in which some concerns fail, and what came of each. */
async function swept(broken: readonly string[]): Promise<{ failed: string[]; done: string[] }> {
  const lake = await busyLake();
  const before = lake.sent.length;
  const views = lake.jobs.started.length;
  let ports: SweepPorts = { ...lake.queryPorts, landing: lake.landing, wakeUps: lake.wakeUps };
  for (const what of broken) ports = { ...ports, ...BROKEN[what]!(ports) };
  const order = { listing: 'full', windowMs: WINDOW_MS, until: Number.POSITIVE_INFINITY } as const;
  const { failures }: Swept = await sweep(ports, lake.config, order);
  const queues = new Set(lake.sent.slice(before).map(({ queue }) => queue));
  const done = [
    ...(queues.has('merge') ? ['waiting tables'] : []),
    ...(queues.has('report') ? ['reports'] : []),
    ...(lake.jobs.started.length > views ? ['views'] : []),
    ...(queues.has('ingest') ? ['the landing'] : []),
  ];
  return { failed: failures.map(({ what }) => what), done };
}

const ALL = Object.keys(BROKEN);

test('sweep.concerns: each has something to do', async () => {
  expect(await swept([])).toEqual({ failed: [], done: ALL });
});

test.each(ALL)('sweep.concerns: the failure of %s stops no other', async what => {
  expect(await swept([what])).toEqual({ failed: [what], done: ALL.filter(other => other !== what) });
});

test('sweep.concerns: all may fail, and each is told', async () => {
  expect(await swept(ALL)).toEqual({ failed: ALL, done: [] });
});

import './quiet';

import { ingestFiles } from '../../lambdas/ingest-files/handler';
import { merge } from '../../lambdas/merge/handler';
import { type QueryEnded, report } from '../../lambdas/report/handler';
import { sweep } from '../../lambdas/sweep/handler';
import { listViews } from '../../lib/ledger/views';
import { readRows } from '../support/lake';
import { awsTestLake, objectEvent, sqsEvent, type TestAwsLake, within } from './aws-lake';

const CONFIG = {
  name: 'shop',
  tables: { orders: { key: ['id'], columns: { id: 'bigint' } } },
  reports: { daily: { table: 'orders', schedule: 'daily' as const } },
};
const TIME = within(120_000);

async function mergedLake(): Promise<TestAwsLake> {
  const answer = () => ({ columns: [{ name: 'id', type: 'BIGINT' }], rows: [[7n]] });
  const lake = awsTestLake(CONFIG, { answer });
  await lake.landing.put('orders.csv', Buffer.from('id\n7\n'));
  await ingestFiles(lake)(sqsEvent(objectEvent('orders.csv')), TIME);
  await merge(lake)(sqsEvent({ table: 'orders' }), TIME);
  await lake.jobs.finish();
  lake.clock.advance(25 * 3_600_000);
  return lake;
}

/** Athena's event of a statement that ended. */
const ended = (id: string) => ({ detail: { queryExecutionId: id } }) as QueryEnded;

const dailyOf = async (lake: TestAwsLake) => (await readRows(lake.ports, 'daily')).map(row => row.id);

/** What the queue holds for the report function. */
const wokenBy = (lake: TestAwsLake) =>
  lake.sent.filter(({ queue }) => queue === 'report').map(({ body }) => JSON.parse(body));

test('report.events: the sweep finds the date, each query that ends goes on with it', async () => {
  const lake = await mergedLake();
  await sweep(lake)({}, TIME);
  expect(wokenBy(lake)).toEqual([{ report: 'daily', date: '2026-01-01' }]);
  const before = lake.jobs.started.length;
  await report(lake)(sqsEvent(lake.sent.at(-1)!.body), TIME);
  for (const n of [1, 2]) {
    expect(lake.jobs.started).toHaveLength(before + n);
    await lake.jobs.finish();
    await report(lake)(ended(`job-${before + n}`), TIME);
  }
  expect(await dailyOf(lake)).toEqual([7n]);
  await sweep(lake)({}, TIME);
  expect(wokenBy(lake)).toHaveLength(1);
});

test('report.lost: without any event the sweep builds it', async () => {
  const lake = await mergedLake();
  for (let minute = 0; minute < 5; minute++) {
    const before = lake.sent.length;
    await sweep(lake)({}, TIME);
    for (const { queue, body } of lake.sent.slice(before))
      if (queue === 'report') await report(lake)(sqsEvent(body), TIME);
    await lake.jobs.finish();
    lake.clock.advance(60_000);
  }
  expect(await dailyOf(lake)).toEqual([7n]);
});

test('report.view: the end of a view query closes its note', async () => {
  const lake = await mergedLake();
  expect(lake.jobs.started).toHaveLength(1);
  await report(lake)(ended('job-1'), TIME);
  await sweep(lake)({}, TIME);
  expect(lake.jobs.started).toHaveLength(1);
  expect((await listViews(lake.ports.items)).filter(view => view.open)).toEqual([]);
});

test('report.unknown: events of queries and reports that are nobody’s', async () => {
  const lake = await mergedLake();
  await report(lake)(ended('another'), TIME);
  expect(await report(lake)(sqsEvent({ report: 'gone', date: '2026-01-01' }), TIME)).toEqual({
    batchItemFailures: [],
  });
});

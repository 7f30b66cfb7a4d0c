import './loud';

import type { KinesisStreamEvent } from 'aws-lambda';
import { compact } from '../../lambdas/compact/handler';
import { ingestFiles } from '../../lambdas/ingest-files/handler';
import { ingestStream } from '../../lambdas/ingest-stream/handler';
import { merge } from '../../lambdas/merge/handler';
import { type QueryEnded, report } from '../../lambdas/report/handler';
import { safeError } from '../../lambdas/safe-error';
import { sweep } from '../../lambdas/sweep/handler';
import { vacuum } from '../../lambdas/vacuum/handler';
import { TidemarkError } from '../../lib/errors';
import { listQuarantined } from '../../lib/ledger/quarantine';
import { fileMissing } from '../../lib/table/errors';
import { awsTestLake, objectEvent, sqsEvent, type TestAwsLake, within } from './aws-lake';

const SECRET = 'tok-9f3a-very-secret';
const CONFIG = {
  name: 'shop',
  tables: {
    orders: { key: ['id'], columns: { id: 'bigint', v: 'int', day: 'date' } },
    events: { key: ['id'], columns: { id: 'bigint', v: 'int' }, from: 'stream' },
  },
  sources: { stream: { kind: 'kinesis' as const, format: 'json' as const } },
  reports: { daily: { table: 'orders', schedule: 'daily' as const } },
};
const TIME = within(900_000);
const STREAM = { name: 'shop-events', createdAt: 1, shards: async () => [] };
const ARN = 'arn:aws:kinesis:eu-west-1:123456789012:stream/shop-events';

const heard: string[] = [];
beforeEach(() => {
  heard.length = 0;
  for (const level of ['debug', 'info', 'log', 'warn', 'error'] as const)
    jest.spyOn(console, level).mockImplementation((...said: unknown[]) => void heard.push(said.join(' ')));
});
afterEach(() => jest.restoreAllMocks());

/** What Lambda's runtime writes of an error that a function ends with: every member of it, and of those within. */
function members(error: unknown): string {
  const shown = (_: string, value: unknown) =>
    value instanceof Error
      ? { ...value, name: value.name, message: value.message, stack: value.stack, cause: value.cause }
      : value;
  return JSON.stringify(error, shown);
}

/** All that is written down of a run. */
async function logOf(run: () => Promise<unknown>): Promise<string> {
  await run().catch(error => heard.push(members(error)));
  return heard.join('\n');
}

async function landed(lake: TestAwsLake, files: Record<string, string>): Promise<string> {
  for (const [key, body] of Object.entries(files)) await lake.landing.put(key, Buffer.from(body));
  return logOf(() =>
    ingestFiles(lake)(sqsEvent(...Object.keys(files).map(key => objectEvent(encodeURIComponent(key)))), TIME),
  );
}

function streamOf(...texts: string[]): KinesisStreamEvent {
  const Records = texts.map((text, i) => ({
    eventID: `shardId-000000000000:${i + 1}`,
    eventSourceARN: ARN,
    kinesis: {
      sequenceNumber: String(i + 1),
      partitionKey: 'k',
      data: Buffer.from(text).toString('base64'),
      approximateArrivalTimestamp: 1_545_084_650.5,
    },
  }));
  return { Records } as unknown as KinesisStreamEvent;
}

const streamLake = (lake: TestAwsLake) => ({
  ...lake,
  streamOf: async () => ({ source: 'stream', stream: STREAM }),
});

test('logs.ingestFiles: of rows that cannot be taken in there is no value', async () => {
  const lake = awsTestLake(CONFIG);
  const log = await landed(lake, {
    'a/orders.csv': `id,v,day\n1,${SECRET},2026-01-01\n`,
    'b/orders.csv': `id,v,day\n${SECRET},1,2026-01-01\n`,
    'c/orders.csv': `id,v,day\n1,"${SECRET}`,
    'd/orders.csv': `id,v,day\n1,1,${SECRET}\n`,
    'e/orders.jsonl': `{"id": 1, "v": ${SECRET}}\n`,
    'f/orders.jsonl': `{"id": 1, "v": "${SECRET}"}\n`,
    'g/orders.csv': `1,${SECRET},x,y\n`,
    'h/orders.parquet': SECRET,
    'i/orders.csv.gz': `${SECRET}, packed`,
  });
  expect(log).toContain('quarantined');
  expect(await listQuarantined(lake.ports.items)).toHaveLength(9);
  expect(JSON.stringify(await listQuarantined(lake.ports.items))).toContain(SECRET);
  expect(log).not.toContain(SECRET);
});

test('logs.messages: a message that cannot be read is not quoted', async () => {
  const log = await logOf(() => merge(awsTestLake(CONFIG))(sqsEvent(`{"table": ${SECRET}`), TIME));
  expect(log).toContain('message m0 failed');
  expect(log).not.toContain(SECRET);
});

test('logs.ingestStream: of records that cannot be taken in there is no value', async () => {
  const lake = streamLake(awsTestLake(CONFIG));
  const event = streamOf(
    `{"id": 1, "v": "${SECRET}"}`,
    `{"id": ${SECRET}}`,
    SECRET,
    '{"id": 2, "v": 1}',
    `{"id": "${SECRET}"}`,
  );
  const log = await logOf(() => ingestStream(lake)(event));
  expect(JSON.stringify(await listQuarantined(lake.ports.items))).toContain(SECRET);
  expect(log).not.toContain(SECRET);
});

test('logs.report: of each query that ended, what it scanned', async () => {
  const lake = awsTestLake(CONFIG);
  await landed(lake, { 'orders.csv': 'id,v,day\n1,1,2026-01-01\n' });
  await merge(lake)(sqsEvent({ table: 'orders' }), TIME);
  lake.clock.advance(25 * 3_600_000);
  await report(lake)(sqsEvent({ report: 'daily', date: '2026-01-01' }), TIME);
  const jobs: typeof lake.jobs = {
    ...lake.jobs,
    job: async id => ({ ...(await lake.jobs.job(id))!, scannedBytes: 10_485_760 }),
  };
  const telling = { ...lake, queryPorts: { ...lake.queryPorts, jobs } };
  for (const did of ['runs', 'succeeded']) {
    heard.length = 0;
    const id = `job-${lake.jobs.started.length}`;
    await lake.jobs.finish();
    const log = await logOf(() => report(telling)({ detail: { queryExecutionId: id } } as QueryEnded, TIME));
    expect(log).toContain(`"message": "${did}"`);
    expect(log).toContain('"scannedBytes": 10485760');
  }
});

/** Errors that quote a value, from wherever a function meets them. */
const ERRORS = {
  plain: new Error(`cannot read '${SECRET}'`),
  parse: new SyntaxError(`Unexpected token ${SECRET}`, { cause: new Error(SECRET) }),
  coded: new TidemarkError('TM_2304', `a row cannot be read: ${SECRET}`, 'orders.csv', 'mend it'),
  with: Object.assign(new RangeError('no'), { value: SECRET, errors: [new Error(SECRET)] }),
};

test.each(Object.entries(ERRORS))('logs.failures: an error that quotes a value, %s', async (_, error) => {
  const lake = awsTestLake(CONFIG);
  const fine = await landed(lake, { 'orders.csv': 'id,v,day\n1,1,2026-01-01\n' });
  expect(fine).toContain('taken-in');
  lake.clock.advance(25 * 3_600_000);
  const fails = () => Promise.reject(error);
  const ports = {
    ...lake.ports,
    catalog: { ...lake.ports.catalog, load: fails },
    store: { ...lake.ports.store, putIfAbsent: fails },
  };
  const queryPorts = { ...lake.queryPorts, ...ports, jobs: { ...lake.jobs, start: fails, job: fails } };
  const broken = streamLake({ ...lake, ports, queryPorts });
  await lake.landing.put('2/orders.csv', Buffer.from('id,v,day\n2,2,2026-01-01\n'));
  const runs: Record<string, () => Promise<unknown>> = {
    'ingest-files': () => ingestFiles(broken)(sqsEvent(objectEvent('2/orders.csv')), TIME),
    'ingest-stream': () => ingestStream(broken)(streamOf('{"id": 1, "v": 1}')),
    merge: () => merge(broken)(sqsEvent({ table: 'orders' }), TIME),
    report: () => report(broken)(sqsEvent({ report: 'daily', date: '2026-01-01' }), TIME),
    'report.ended': () => report(broken)({ detail: { queryExecutionId: 'job' } } as QueryEnded, TIME),
    sweep: () => sweep(broken)({ listing: 'full' }, TIME),
    compact: () => compact(broken)({}, TIME),
    vacuum: () => vacuum(broken)({}, TIME),
  };
  for (const [name, run] of Object.entries(runs)) {
    heard.length = 0;
    const log = await logOf(run);
    expect({ name, leaks: log.includes(SECRET) }).toEqual({ name, leaks: false });
  }
});

test('safeError: the code, the place and the frames stay; folders that values name do not', () => {
  const coded = safeError(ERRORS.coded);
  expect(coded.message).toBe('[TM_2304] orders.csv');
  expect(coded.stack).toMatch(/^TidemarkError: \[TM_2304] orders\.csv\n\s+at /);
  const gone = safeError(fileMissing(`s3://lake/orders/data/city=${SECRET}/v_bucket=3/x.parquet`));
  expect(gone.message).toContain('[TM_3005] a file of the table is missing');
  expect(gone.message).toContain('s3://lake/orders/data/city=.../v_bucket=.../x.parquet');
});

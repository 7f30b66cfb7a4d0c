import {
  type AthenaClient,
  ListQueryExecutionsCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import type { AthenaJobs } from '../../../lib/adapters/aws/athena';
import { athenaEngine } from '../../../lib/adapters/aws/athena-engine';
import { randomIds } from '../../../lib/adapters/local/ids';
import type { QueryEngine } from '../../../lib/ports/query-engine';
import type { QueryJob } from '../../../lib/ports/query-jobs';
import { queryEngineContract } from '../../contracts/query-engine.contract';
import { queryJobsContract } from '../../contracts/query-jobs.contract';
import { athenaOver, madeWorkgroup } from '../athena';
import { madePlace } from '../memory-lake';

let place: string;
let client: AthenaClient;
let jobs: AthenaJobs;
let engine: QueryEngine;
beforeAll(async () => {
  place = await madePlace('athena');
  ({ client, jobs, engine } = athenaOver(place));
  await madeWorkgroup(client, place);
});

queryEngineContract('athena', {
  engine: () => engine,
  numbers: count => `SELECT n FROM UNNEST(sequence(BIGINT '1', BIGINT '${count}')) AS u (n)`,
  binary: "X'AB00'",
  zoned: "TIMESTAMP '2021-01-01 08:00:00.000000 UTC'",
});

const ids = randomIds();
const ended = async (id: string): Promise<QueryJob> => {
  for (;;) {
    const job = (await jobs.job(id))!;
    if (job.state !== 'queued' && job.state !== 'running') return job;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
};
const begun = async () =>
  (await client.send(new ListQueryExecutionsCommand({ WorkGroup: place }))).QueryExecutionIds!;

queryJobsContract('athena', {
  jobs: () => jobs,
  ended,
  token: () => ids.fresh(),
  unknown: '00000000-0000-0000-0000-000000000000',
});

test('athena.job: what it scanned, and whether a failed one may succeed later', async () => {
  const id = await jobs.start({ sql: 'SELECT 1', token: ids.fresh() });
  expect(await ended(id)).toEqual({ id, state: 'succeeded', scannedBytes: expect.any(Number) });
  const failing = await jobs.start({ sql: 'SELECT * FROM no_such_table', token: ids.fresh() });
  expect(await ended(failing)).toMatchObject({ state: 'failed', retryable: false });
});

/** A client whose next call of a command fails after it was answered, or before it was sent. */
function failingOnce(command: string, error: object, when: 'before' | 'after'): AthenaJobs {
  const { client: own, jobs: failing } = athenaOver(place);
  let failed = false;
  own.middlewareStack.add(
    (next, context) => async args => {
      const fails = context.commandName === command && !failed;
      if (fails && when === 'before') {
        failed = true;
        throw Object.assign(new Error('injected'), error);
      }
      const answer = await next(args);
      if (!fails) return answer;
      failed = true;
      throw Object.assign(new Error('injected'), error);
    },
    // Outside of the client's own retries.
    { step: 'initialize' },
  );
  return failing;
}

test('athena.start: a lost answer is asked for again, and the query runs once', async () => {
  const lossy = failingOnce('StartQueryExecutionCommand', { name: 'TimeoutError' }, 'after');
  const before = new Set(await begun());
  const id = await lossy.start({ sql: 'SELECT 3', token: ids.fresh() });
  expect((await begun()).filter(other => !before.has(other))).toEqual([id]);
});

test.each(['StartQueryExecutionCommand', 'GetQueryExecutionCommand', 'GetQueryResultsCommand'])(
  'athena.quota: %s waits and goes on',
  async command => {
    const busy = failingOnce(command, { name: 'TooManyRequestsException', $fault: 'client' }, 'before');
    const { rows } = await athenaEngine(busy, { ids }).rows({ sql: 'SELECT 1' });
    expect(rows).toEqual([[1]]);
  },
);

test('athena.job: a stopped query is cancelled', async () => {
  const slow =
    'SELECT count(*) FROM UNNEST(sequence(1, 9999)) a (n), UNNEST(sequence(1, 9999)) b (m) WHERE n * m % 7 = 1';
  const id = await jobs.start({ sql: slow, token: ids.fresh() });
  await client.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
  expect(await ended(id)).toMatchObject({ state: 'cancelled' });
});

test('athena.rows: of statements other than SELECT, without their header', async () => {
  await engine.rows({ sql: 'CREATE OR REPLACE VIEW one AS SELECT 1 AS a' });
  expect((await engine.rows({ sql: 'SHOW TABLES' })).rows).toEqual([['one']]);
  expect((await engine.rows({ sql: 'EXPLAIN SELECT 1' })).rows[0]![0]).not.toBe('Query Plan');
});

test('athena.engine: tells of what ran, and what it scanned', async () => {
  const told: QueryJob[] = [];
  const telling = athenaEngine(jobs, { ids, onEnd: job => told.push(job) });
  await telling.rows({ sql: 'SELECT 1' });
  await telling.rows({ sql: 'SELECT * FROM no_such_table' }).catch(() => {});
  expect(told.map(({ state }) => state)).toEqual(['succeeded', 'failed']);
});

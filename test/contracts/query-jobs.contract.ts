import type { Cell, Statement } from '../../lib/ports/query-engine';
import type { QueryJob, QueryJobs } from '../../lib/ports/query-jobs';

export interface QueryJobsHarness {
  jobs(): QueryJobs;
  /** Waits until a job is over. */
  ended(id: string): Promise<QueryJob>;
  /** A token that was never used. */
  token(): string;
  /** Ids that the engine could have given, and has not. */
  readonly unknown: string;
}

/** One row of the texts that are handed in. */
const select = (...params: Cell[]): Statement => ({
  sql: `SELECT ${params.map((_, i) => `? AS c${i}`).join(', ')}`,
  params,
});
const FAILS: Statement = { sql: 'SELECT * FROM no_such_table' };

/** The rules of lib/ports/query-jobs.ts, for every engine. */
export function queryJobsContract(name: string, harness: QueryJobsHarness): void {
  const { ended } = harness;
  const started = (statement: Statement, token = harness.token()) =>
    harness.jobs().start({ ...statement, token });

  test(`${name}.jobs.start: one token is one job, before it ended and afterwards`, async () => {
    const token = harness.token();
    const ids = await Promise.all([1, 2, 3].map(() => started(select('a', 'b'), token)));
    const id = ids[0]!;
    expect(new Set(ids).size).toBe(1);
    expect(['queued', 'running', 'succeeded']).toContain((await harness.jobs().job(id))!.state);
    expect(await ended(id)).toMatchObject({ id, state: 'succeeded' });
    expect(await started(select('a', 'b'), token)).toBe(id);
    expect((await harness.jobs().rows(id)).rows).toEqual([['a', 'b']]);
  });

  test(`${name}.jobs.start: another token is another job of the same statement`, async () => {
    expect(await started(select('a'))).not.toBe(await started(select('a')));
  });

  test.each([
    ['statement', select('a', 'a')],
    ['parameter', select('b')],
  ])(`${name}.jobs.start: another %s under a known token is refused`, async (_, other) => {
    const token = harness.token();
    const id = await started(select('a'), token);
    await expect(started(other, token)).rejects.toMatchObject({ code: 'TM_6001' });
    await ended(id);
    await expect(started(other, token)).rejects.toMatchObject({ code: 'TM_6001' });
    expect((await harness.jobs().rows(id)).rows).toEqual([['a']]);
  });

  test(`${name}.jobs.failed: it says why, and its token does not start it again`, async () => {
    const token = harness.token();
    const id = await started(FAILS, token);
    const reason = expect.stringContaining('no_such_table');
    expect(await ended(id)).toMatchObject({ id, state: 'failed', reason });
    expect(await started(FAILS, token)).toBe(id);
    expect(await harness.jobs().job(id)).toMatchObject({ state: 'failed', reason });
    await expect(harness.jobs().rows(id)).rejects.toMatchObject({ code: 'TM_6001' });
  });

  test(`${name}.jobs.succeeded: no reason, and its rows as often as they are asked for`, async () => {
    const id = await started(select('a'));
    expect((await ended(id)).reason).toBeUndefined();
    const first = await harness.jobs().rows(id);
    expect(first.columns.map(column => column.name)).toEqual(['c0']);
    expect(await harness.jobs().rows(id)).toEqual(first);
  });

  test(`${name}.jobs.unknown: no job, and no rows`, async () => {
    expect(await harness.jobs().job(harness.unknown)).toBeUndefined();
    await expect(harness.jobs().rows(harness.unknown)).rejects.toMatchObject({ code: 'TM_6001' });
  });
}

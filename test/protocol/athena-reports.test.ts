import type { StagingCatalog } from '../../lib/ports/catalog';
import type { QueryJobs } from '../../lib/ports/query-jobs';
import { dueReports } from '../../lib/stages/athena-report/due';
import type { AthenaReportPorts } from '../../lib/stages/athena-report/ports';
import { forgetStrays } from '../../lib/stages/athena-report/staging';
import { AthenaReportLake } from '../support/athena-report-lake';
import { vacuumAtOnce } from '../support/vacuum';

const [FIRST, SECOND] = ['2021-01-01', '2021-01-02'] as const;

const CREATE = 'CREATE TABLE "lake"."r"';
const INSERT = 'INSERT INTO "lake"."r"';
const STAGE = 'INSERT INTO "lake_staging"."r_*"';

function withJobs(lake: AthenaReportLake, jobs: Partial<QueryJobs>): AthenaReportPorts {
  return { ...lake.ports, jobs: { ...lake.ports.jobs, ...jobs } };
}

function withStaging(lake: AthenaReportLake, staging: Partial<StagingCatalog>): AthenaReportPorts {
  return { ...lake.ports, staging: { ...lake.ports.staging, ...staging } };
}

describe('R', () => {
  test('R each statement is noted before it starts, as it is sent', async () => {
    const lake = new AthenaReportLake();
    const noted: unknown[] = [];
    const ports = withJobs(lake, {
      async start(order) {
        const { sql, params, state, job } = (await lake.attempt(FIRST))!;
        expect(order).toMatchObject({ sql, params });
        noted.push([state, job]);
        return lake.ports.jobs.start(order);
      },
    });
    await lake.start(FIRST, ports);
    await lake.jobs.finish();
    await lake.goOn(FIRST, ports);
    expect(noted).toEqual([
      ['open', undefined],
      ['open', undefined],
    ]);
  });

  test('R a first date is a CREATE TABLE AS, a later one an INSERT INTO, a re-run is staged and adopted', async () => {
    const lake = new AthenaReportLake();
    for (const date of [FIRST, SECOND]) expect((await lake.build(date)).did).toBe('succeeded');
    const before = await lake.files();
    lake.rowsOf = () => [[7n, 'new']];
    expect(await lake.build(SECOND)).toMatchObject({ did: 'succeeded', attempt: { rows: 1 } });
    expect(lake.writes).toEqual([CREATE, INSERT, STAGE]);
    expect(await lake.shown()).toEqual([`${FIRST} 1 ${FIRST}`, `${SECOND} 7 new`]);
    expect((await lake.files()).filter(path => before.includes(path)).length).toBe(1);
  });

  test('R a crash between a start and its note leads to the same statement', async () => {
    const lake = new AthenaReportLake();
    await lake.build(FIRST);
    const ports = withJobs(lake, {
      async start(order) {
        await lake.ports.jobs.start(order);
        throw new Error('the answer was lost');
      },
    });
    await expect(lake.start(SECOND, ports)).rejects.toThrow('lost');
    expect((await lake.attempt(SECOND))!.job).toBeUndefined();
    await lake.goOn(SECOND);
    await lake.jobs.finish();
    await expect(lake.goOn(SECOND, ports)).rejects.toThrow('lost');
    await lake.jobs.finish();
    expect((await lake.goOn(SECOND)).did).toBe('runs');
    expect((await lake.goOn(SECOND)).did).toBe('succeeded');
    expect(lake.writes).toEqual([CREATE, INSERT]);
    expect((await lake.shown()).length).toBe(2);
  });

  test('R a statement whose start nobody noted in time is given up, and never sent again', async () => {
    const lake = new AthenaReportLake();
    await lake.build(FIRST);
    await lake.start(SECOND);
    await lake.jobs.finish();
    const dead = withJobs(lake, { start: () => Promise.reject(new Error('killed')) });
    await expect(lake.goOn(SECOND, dead)).rejects.toThrow('killed');
    lake.wait(31);
    expect(await lake.goOn(SECOND)).toMatchObject({
      did: 'failed',
      attempt: { error: expect.stringContaining('TM_6101') },
    });
    await lake.build(SECOND);
    expect(lake.writes).toEqual([CREATE, STAGE]);
  });

  test('R until the table exists one attempt of a report is open', async () => {
    const lake = new AthenaReportLake();
    await lake.beginWrite(FIRST);
    expect((await lake.start(SECOND)).did).toBe('waits');
    await lake.jobs.finish();
    expect((await lake.start(SECOND)).did).toBe('runs');
    expect((await lake.goOn(FIRST)).did).toBe('succeeded');
    expect((await lake.build(SECOND)).did).toBe('succeeded');
    expect(lake.writes).toEqual([CREATE, INSERT]);
  });

  test('R a CREATE TABLE AS that failed is not sent again: what it left would have it refused', async () => {
    const lake = new AthenaReportLake();
    lake.fates = ['fails'];
    expect((await lake.build(FIRST)).did).toBe('failed');
    expect((await lake.build(SECOND)).did).toBe('succeeded');
    expect((await lake.build(FIRST)).did).toBe('succeeded');
    expect(lake.writes).toEqual([CREATE, STAGE, STAGE]);
    expect(await lake.shown()).toEqual([`${FIRST} 1 ${FIRST}`, `${SECOND} 1 ${SECOND}`]);
    const { removed } = await vacuumAtOnce(lake.ports);
    expect(removed.filter(key => /^r\/data\//.test(key)).length).toBe(1);
    expect((await lake.shown()).length).toBe(2);
  });

  test.each(['fails', 'fails-landed', 'cancelled', 'forgotten'] as const)(
    'R an INSERT that ends in anything but SUCCEEDED is never repeated: %s',
    async fate => {
      const lake = new AthenaReportLake();
      await lake.build(FIRST);
      lake.fates = [fate];
      expect((await lake.build(SECOND)).did).toBe('failed');
      expect((await lake.build(SECOND)).did).toBe('succeeded');
      expect(lake.writes).toEqual([CREATE, INSERT, STAGE]);
      expect(await lake.shown()).toEqual([`${FIRST} 1 ${FIRST}`, `${SECOND} 1 ${SECOND}`]);
    },
  );

  test('R a write that lands after its date was built again is found by the sweep, and replaced', async () => {
    const lake = new AthenaReportLake();
    await lake.build(FIRST);
    await lake.beginWrite(SECOND);
    const failed = withJobs(lake, { job: async id => ({ id, state: 'failed', reason: 'it timed out' }) });
    expect((await lake.goOn(SECOND, failed)).did).toBe('failed');
    // The engine keeps what it runs: only the staged write is let go on.
    const [late] = lake.jobs.takeWaiting();
    expect((await lake.build(SECOND)).did).toBe('succeeded');
    await late!();
    expect((await lake.shown()).length).toBe(3);
    expect((await dueReports(lake.ports, lake.lake.lake)).reports).toEqual([{ report: 'r', date: SECOND }]);
    while ((await lake.goOn(SECOND)).did === 'runs') await lake.jobs.finish();
    expect(await lake.shown()).toEqual([`${FIRST} 1 ${FIRST}`, `${SECOND} 1 ${SECOND}`]);
    expect(lake.writes).toEqual([CREATE, INSERT, STAGE, STAGE]);
    lake.wait(7 * 60);
    await lake.goOn(SECOND);
    expect((await dueReports(lake.ports, lake.lake.lake)).reports).toEqual([]);
  });

  test('R files of two queries are not taken for one: the date is staged and replaced', async () => {
    const lake = new AthenaReportLake();
    await lake.build(FIRST);
    await lake.beginWrite(SECOND);
    await (await lake.execute(lake.jobs.started.at(-1)!)).land!();
    await lake.jobs.finish();
    expect(await lake.goOn(SECOND)).toMatchObject({
      did: 'failed',
      attempt: { error: expect.stringContaining('TM_6104') },
    });
    expect((await lake.build(SECOND)).did).toBe('succeeded');
    expect(await lake.shown()).toEqual([`${FIRST} 1 ${FIRST}`, `${SECOND} 1 ${SECOND}`]);
  });

  test('R no rows after SUCCEEDED is an empty report, done', async () => {
    const lake = new AthenaReportLake();
    lake.rowsOf = () => [];
    for (const date of [FIRST, SECOND, SECOND]) {
      expect(await lake.build(date)).toMatchObject({ did: 'succeeded', attempt: { rows: 0 } });
    }
    lake.rowsOf = () => [[1n, 'x']];
    await lake.build(SECOND);
    lake.rowsOf = () => [];
    await lake.build(SECOND);
    expect(await lake.shown()).toEqual([]);
  });

  test('R before its swap the attempt must still be the open one, whoever adopts', async () => {
    const lake = new AthenaReportLake();
    for (const date of [FIRST, FIRST]) await lake.build(date);
    lake.rowsOf = () => [[7n, 'given up']];
    await lake.beginWrite(FIRST);
    await lake.jobs.finish();
    // While one process adopts, another takes the query for forgotten and gives the attempt up.
    const slow = withStaging(lake, {
      async load(table) {
        const staged = await lake.ports.staging.load(table);
        const forgetful = withJobs(lake, { job: async () => undefined });
        await lake.goOn(FIRST, forgetful);
        return staged;
      },
    });
    expect((await lake.goOn(FIRST, slow)).did).toBe('nothing');
    expect((await lake.attempt(FIRST))!.state).toBe('failed');
    expect(await lake.shown()).toEqual([`${FIRST} 1 ${FIRST}`]);
  });

  test('R two processes move one attempt', async () => {
    const lake = new AthenaReportLake();
    const both = async (work: () => Promise<unknown>) => Promise.all([work(), work(), work()]);
    await both(() => lake.start(FIRST));
    await lake.jobs.finish();
    await both(() => lake.goOn(FIRST));
    await lake.jobs.finish();
    await both(() => lake.goOn(FIRST));
    expect(lake.jobs.started.length).toBe(2);
    await both(() => lake.start(FIRST));
    expect(lake.jobs.started.length).toBe(3);
    await lake.jobs.finish();
    await both(() => lake.goOn(FIRST));
    await lake.jobs.finish();
    await both(() => lake.goOn(FIRST));
    expect(lake.writes).toEqual([CREATE, STAGE]);
    expect(await lake.shown()).toEqual([`${FIRST} 1 ${FIRST}`]);
  });

  test('R the staging entry is taken out, and the files that the report owns by now stay', async () => {
    const lake = new AthenaReportLake();
    for (const date of [FIRST, FIRST]) await lake.build(date);
    expect(await lake.ports.staging.list()).toEqual([]);
    const files = await lake.files();
    expect(files.length).toBe(1);
    expect(lake.ports.store.keyOf(files[0]!)).toMatch(/^staging\/r\//);
    await vacuumAtOnce(lake.ports);
    expect(await lake.shown()).toEqual([`${FIRST} 1 ${FIRST}`]);
  });

  test('R vacuum keeps what an open attempt of a query has staged', async () => {
    const lake = new AthenaReportLake();
    for (const date of [FIRST, FIRST]) await lake.build(date);
    await lake.beginWrite(FIRST);
    await lake.jobs.finish();
    expect((await vacuumAtOnce(lake.ports)).removed.filter(key => /^staging\/.*parquet$/.test(key))).toEqual(
      [],
    );
    expect((await lake.goOn(FIRST)).did).toBe('succeeded');
    expect(await lake.shown()).toEqual([`${FIRST} 1 ${FIRST}`]);
  });

  test('R a staging table whose attempt is over is taken out by the sweep, one of an open attempt stays', async () => {
    const lake = new AthenaReportLake();
    for (const date of [FIRST, FIRST]) await lake.build(date);
    const { metadata } = (await lake.ports.catalog.load('r'))!;
    await lake.ports.staging.create('r_left', metadata);
    await lake.beginWrite(FIRST);
    expect(await forgetStrays(lake.ports)).toEqual(['r_left']);
    expect((await lake.ports.staging.list()).length).toBe(1);
  });

  test('R a report whose columns changed evolves its table first', async () => {
    const lake = new AthenaReportLake();
    await lake.build(FIRST);
    lake.columns = [
      { name: 'Id', type: 'BIGINT' },
      { name: 'b', type: 'INTEGER' },
    ];
    lake.rowsOf = () => [[2n, 5]];
    await lake.build(SECOND);
    await lake.build(FIRST);
    expect(await lake.columnNames()).toEqual(['1 id', '2 a', '4 b', '3 report_date']);
    expect(await lake.shown()).toEqual([`${FIRST} 2  5`, `${SECOND} 2  5`]);
  });

  test('R a report whose SQL fails leaves the last good date, and is tried again with a growing pause', async () => {
    const lake = new AthenaReportLake();
    await lake.build(FIRST);
    lake.columns = [{ name: 'a', type: 'ARRAY(INTEGER)' }];
    expect(await lake.build(FIRST)).toMatchObject({
      did: 'failed',
      attempt: { error: expect.stringContaining('TM_6010') },
    });
    const pauses: number[] = [];
    for (let minutes = 0; minutes < 24 * 60 && pauses.length < 9; minutes++) {
      lake.wait(1);
      const due = (await dueReports(lake.ports, lake.lake.lake)).reports;
      if (due.length === 0) continue;
      pauses.push(minutes);
      let { did } = await lake.goOn(FIRST);
      while (did === 'runs') {
        await lake.jobs.finish();
        ({ did } = await lake.goOn(FIRST));
      }
    }
    expect(pauses).toEqual([4, 14, 34, 74]);
    expect(await lake.shown()).toEqual([`${FIRST} 1 ${FIRST}`]);
  });

  test('R a column that has no name is refused: its place would be its name', async () => {
    const lake = new AthenaReportLake();
    lake.columns = [{ name: '_col0', type: 'BIGINT' }];
    const error = expect.stringContaining('TM_6011');
    expect(await lake.build(FIRST)).toMatchObject({ did: 'failed', attempt: { error } });
  });

  test('R SQL that cannot be sent closes its attempt', async () => {
    const lake = new AthenaReportLake();
    lake.sql = 'SELECT {{nobody}}';
    expect(await lake.build(FIRST)).toMatchObject({
      did: 'failed',
      attempt: { error: expect.stringContaining('TM_6007') },
    });
    await expect(lake.start('2021-02-30')).rejects.toMatchObject({ code: 'TM_6018' });
  });
});

import type { FixedClock } from '../../lib/adapters/memory/clock';
import { dueReports } from '../../lib/stages/athena-report/due';
import { AthenaReportLake } from '../support/athena-report-lake';
import { mergeAll } from '../support/lake';

const at = (lake: AthenaReportLake, date: string, hour: number) =>
  (lake.ports.clock as FixedClock).set(Date.parse(date) + hour * 3_600_000);

async function due(lake: AthenaReportLake): Promise<string[]> {
  return (await dueReports(lake.ports, lake.lake.lake)).reports.map(d => d.date);
}

async function daily(dates: readonly string[]): Promise<AthenaReportLake> {
  const lake = new AthenaReportLake({ schedule: 'daily' });
  for (const date of dates) await lake.receive(date);
  return lake;
}

test('due.first: nothing before anything was merged, then from the first date of the log to the last that ended', async () => {
  const lake = await daily([]);
  at(lake, '2021-03-01', 12);
  expect(await due(lake)).toEqual([]);
  await lake.receive('2021-02-27', { merged: false });
  expect(await due(lake)).toEqual([]);
  await mergeAll(lake.lake, 't');
  expect(await due(lake)).toEqual(['2021-02-27', '2021-02-28']);
});

test('due.next: a date when it has ended, once', async () => {
  const lake = await daily(['2021-01-01']);
  at(lake, '2021-01-01', 23);
  expect(await due(lake)).toEqual([]);
  at(lake, '2021-01-02', 1);
  expect(await due(lake)).toEqual(['2021-01-01']);
  await lake.build('2021-01-01');
  expect(await due(lake)).toEqual([]);
  at(lake, '2021-01-04', 1);
  expect(await due(lake)).toEqual(['2021-01-02', '2021-01-03']);
  await lake.build('2021-01-03');
  expect(await due(lake)).toEqual(['2021-01-02']);
  await lake.build('2021-01-02');
  expect(await due(lake)).toEqual([]);
});

test('due.underWay: not before what was begun on the date must be numbered', async () => {
  const lake = await daily(['2021-01-01']);
  at(lake, '2021-01-02', 0.1);
  expect(await due(lake)).toEqual([]);
  at(lake, '2021-01-02', 0.2);
  expect(await due(lake)).toEqual(['2021-01-01']);
});

test('due.merged: a date waits while something received on it, or before, is not merged', async () => {
  const lake = await daily(['2021-01-01']);
  at(lake, '2021-01-04', 1);
  await lake.receive('2021-01-02', { merged: false });
  expect(await due(lake)).toEqual(['2021-01-01']);
  await mergeAll(lake.lake, 't');
  expect(await due(lake)).toEqual(['2021-01-01', '2021-01-02', '2021-01-03']);
});

test('due.early: a date that was built before it ended is built again', async () => {
  const lake = await daily(['2021-01-01']);
  at(lake, '2021-01-01', 12);
  await lake.build('2021-01-01');
  expect((await lake.goOn('2021-01-01')).did).toBe('nothing');
  at(lake, '2021-01-02', 1);
  await lake.receive('2021-01-01', { merged: false });
  expect(await due(lake)).toEqual([]);
  expect((await lake.goOn('2021-01-01')).did).toBe('nothing');
  await mergeAll(lake.lake, 't');
  expect(await due(lake)).toEqual(['2021-01-01']);
  expect((await lake.goOn('2021-01-01')).did).toBe('runs');
  expect(await due(lake)).toEqual(['2021-01-01']);
});

test('due.timezone: a date ends in the timezone of the lake', async () => {
  const lake = await daily(['2021-01-01']);
  const config = { ...lake.lake.lake, timezone: 'America/New_York' };
  at(lake, '2021-01-02', 4);
  expect((await dueReports(lake.ports, config)).reports).toEqual([]);
  at(lake, '2021-01-02', 6);
  expect((await dueReports(lake.ports, config)).reports).toEqual([{ report: 'r', date: '2021-01-01' }]);
});

test('due.backfill: a few dates at a time, and none is left out', async () => {
  const lake = await daily(['2021-01-01']);
  at(lake, '2021-01-13', 1);
  const built: string[] = [];
  for (let dates = await due(lake); dates.length > 0; dates = await due(lake)) {
    expect(dates.length).toBeLessThanOrEqual(5);
    for (const date of dates) await lake.build(date);
    built.push(...dates);
  }
  expect(built).toEqual(Array.from({ length: 12 }, (_, i) => `2021-01-${String(i + 1).padStart(2, '0')}`));
});

test('due.open: an open attempt is looked at by every sweep, a failed one after its pause', async () => {
  const lake = await daily(['2021-01-01']);
  at(lake, '2021-01-02', 1);
  await lake.start('2021-01-01');
  expect(await due(lake)).toEqual(['2021-01-01']);
  lake.columns = [{ name: 'a', type: 'ARRAY(INTEGER)' }];
  await lake.jobs.finish();
  expect((await lake.goOn('2021-01-01')).did).toBe('failed');
  expect(await due(lake)).toEqual([]);
  lake.wait(5);
  expect(await due(lake)).toEqual(['2021-01-01']);
});

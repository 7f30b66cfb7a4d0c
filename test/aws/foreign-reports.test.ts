import { setTimeout as pause } from 'node:timers/promises';
import { continueReport, startReport } from '../../lib/stages/athena-report/athena-report';
import type { AthenaReportPorts, ReportProgress } from '../../lib/stages/athena-report/ports';
import { athenaOver, madeWorkgroup } from './athena';
import { ForeignLake, REPORT, row } from './foreign-lake';
import { objectsUnder } from './stored-lake';

jest.setTimeout(120_000);

const DAY = '2021-01-31';
const MAINTENANCE = [
  'EXECUTE optimize',
  "EXECUTE expire_snapshots(retention_threshold => '0s')",
  "EXECUTE remove_orphan_files(retention_threshold => '0s')",
];

const ENDED = ['succeeded', 'failed', 'cancelled'];

/** Builds a date, step by step; `staged` happens when the rows wait in staging, before they are adopted. */
async function build(
  lake: ForeignLake,
  ports: AthenaReportPorts,
  staged = async () => {},
): Promise<ReportProgress> {
  const config = lake.lake.lake;
  const [report] = config.reports;
  let progress = await startReport(ports, config, report!, DAY);
  while (progress.did === 'runs') {
    const { kind, step, job } = progress.attempt!;
    while (!ENDED.includes((await ports.jobs.job(job!))!.state)) await pause(50);
    if (kind === 'restage' && step === 'write') await staged();
    progress = await continueReport(ports, config, report!, DAY);
  }
  expect(progress.attempt?.error).toBeUndefined();
  return progress;
}

test('foreign.report: rows that wait to be adopted outlive the care of every table, and so does the report', async () => {
  const lake = await ForeignLake.begun([]);
  const { stored } = lake;
  const { client, jobs } = athenaOver(stored.database);
  await madeWorkgroup(client, stored.database);
  const databases = { lake: stored.database, staging: `${stored.database}_staging` };
  const { staging } = stored;
  const readSql = () => Promise.reject(new Error('the report has no SQL of its own'));
  const ports: AthenaReportPorts = { ...stored.ports, jobs, staging, readSql, databases };
  const reported = async () => (await lake.sql(`SELECT id, n FROM ${REPORT} ORDER BY id`)).rows;
  const stands = async () => (await lake.sql('SELECT id, n FROM things ORDER BY id')).rows;

  await build(lake, ports);
  expect(await reported()).toEqual(await stands());
  await lake.ingest({ day: 12, puts: [row(3, 3), row(30, 1)], removes: [2] });
  await lake.merge();
  let waited = 0;
  const { did } = await build(lake, ports, async () => {
    waited = (await objectsUnder(stored, 'staging/')).size;
    for (const table of ['$table', '$table_daily', '$table_deltas']) {
      for (const what of MAINTENANCE) await lake.sql(`ALTER TABLE ${table} ${what}`);
    }
    expect((await objectsUnder(stored, 'staging/')).size).toBe(waited);
  });
  expect(did).toBe('succeeded');
  expect(waited).toBeGreaterThan(0);
  expect(await reported()).toEqual(await stands());
  await lake.expectTold();
});

import type { FixedClock } from '../../lib/adapters/memory/clock';
import type { Scalar } from '../../lib/columnar/types';
import { currentSchema, type Snapshot } from '../../lib/iceberg/metadata';
import { listReporting } from '../../lib/ledger/stepped-attempts';
import type { QueryJobs } from '../../lib/ports/query-jobs';
import { DATE_BUILT } from '../../lib/query/read-from';
import { continueReport } from '../../lib/stages/athena-report/athena-report';
import { dueReports } from '../../lib/stages/athena-report/due';
import type { AthenaReportPorts } from '../../lib/stages/athena-report/ports';
import { forgetStrays } from '../../lib/stages/athena-report/staging';
import { COMMIT_ID } from '../../lib/table/cursor';
import { liveFiles } from '../../lib/table/live-files';
import { openTable } from '../../lib/table/open';
import { mergeAll, readFiles, type TestLake, take, testLake } from '../support/lake';
import { type Fate, memoryJobs } from '../support/memory-jobs';
import { type NaiveChange, naiveFold } from '../support/naive-fold';
import { type Answer, DATABASES, memoryStaging, reportEngine } from '../support/report-engine';
import { type FaultPlan, faultyPorts } from './faulty-ports';
import type { Actor, Scheduler } from './scheduler';

/** A lake of one table and its daily report, on an engine in memory that the scheduler runs. */
export interface ReportWorld extends TestLake {
  readonly ports: AthenaReportPorts;
  readonly changes: (NaiveChange & { readonly received: string })[];
}

export const DATES = ['2021-01-01', '2021-01-02', '2021-01-03'];
const REPORT = 'daily';

export async function reportWorld(scheduler: Scheduler, fate: () => Fate, seed = 1): Promise<ReportWorld> {
  const lake = testLake(
    {
      name: 'lake',
      tables: { t: { key: ['id'], columns: { id: 'bigint', v: 'int' } } },
      reports: { [REPORT]: { table: 't', schedule: 'daily' } },
    },
    seed,
  );
  const staging = memoryStaging();
  const changes: ReportWorld['changes'] = [];
  const jobs = memoryJobs({
    execute: reportEngine(lake.ports, staging, date => answer(changes, date)),
    // What columns the SQL gives is seldom at fault: the writes are what this is about.
    fate: ({ sql }) => (/ LIMIT 0$/.test(sql) && scheduler.chance(0.9) ? 'succeeds' : fate()),
    lateTurns: () => scheduler.pick([50, 400, 1500]),
    spawn: (name, course) => scheduler.spawn(name, actor => course(() => actor.gate('engine'))),
  });
  const ports = { ...lake.ports, jobs, staging, readSql: async () => '', databases: DATABASES };
  const world = { ...lake, ports, changes };
  await receive(world, DATES[0]!, { 1: 1, 2: 2 });
  await receive(world, DATES[1]!, { 2: 20, 3: 30 });
  (lake.ports.clock as FixedClock).set(Date.UTC(2021, 0, 4, 1));
  return world;
}

/** A file of one date, taken in and merged. */
export async function receive(
  world: ReportWorld,
  date: string,
  rows: Readonly<Record<number, number>>,
): Promise<void> {
  const n = world.changes.length;
  const lines = Object.entries(rows).map(([id, v]) => `${id},${v}`);
  await take(world, `${n}/t.csv`, `id,v\n${lines.join('\n')}\n`, { date, table: 't' });
  await mergeAll(world, 't');
  Object.entries(rows).forEach(([id, v], row) => {
    world.changes.push({
      ...{ entry: n, row, op: 'I', key: id, received: date },
      ...{ major: BigInt(Date.parse(date)), minor: BigInt(n), values: { id: BigInt(id), v } },
    });
  });
}

function answer(changes: ReportWorld['changes'], date: string | undefined): Answer {
  const columns = [
    { name: 'id', type: 'BIGINT' },
    { name: 'v', type: 'INTEGER' },
  ];
  const received = changes.filter(c => date !== undefined && c.received <= date);
  const rows = [...naiveFold(received, ['id', 'v']).values()];
  return { columns, rows: rows.map(row => [row.id as Scalar, row.v as Scalar]) };
}

/** `date id v` of every row that a date's report has. */
export function expected(world: ReportWorld, date: string): string[] {
  return answer(world.changes, date)
    .rows.map(([id, v]) => `${date} ${id} ${v}`)
    .sort();
}

/** One process: each call waits for its turn and may meet a fault, those of the engine and of staging too. */
export function processPorts(world: ReportWorld, actor: Actor, plan: FaultPlan): AthenaReportPorts {
  const { jobs, staging, readSql, databases, ...lake } = world.ports;
  const call = async <T>(name: string, effect: () => Promise<T>): Promise<T> => {
    await actor.gate(name);
    const fault = plan(name, actor);
    if (fault === 'before') return actor.crash();
    if (fault === 'refused') throw new Error(`simulated: ${name} was refused`);
    const given = await effect();
    if (fault === 'after') return actor.crash();
    if (fault === 'lost') throw new Error(`simulated: the answer of ${name} was lost`);
    return given;
  };
  const faultyJobs: QueryJobs = {
    start: order => call('jobs.start', () => jobs.start(order)),
    job: id => call('jobs.job', () => jobs.job(id)),
    rows: id => call('jobs.rows', () => jobs.rows(id)),
  };
  return {
    ...faultyPorts(lake, actor, plan),
    jobs: faultyJobs,
    staging: {
      load: table => call('staging.load', () => staging.load(table)),
      create: (table, metadata) => call('staging.create', () => staging.create(table, metadata)),
      swap: (table, base, metadata) => call('staging.swap', () => staging.swap(table, base, metadata)),
      list: () => call('staging.list', () => staging.list()),
      forget: table => call('staging.forget', () => staging.forget(table)),
    },
    readSql,
    databases,
  };
}

const SWEEPS_MAX = 200;

/** The sweep, without faults, until nothing is left to do: failures tried again, late landings looked for. */
export async function sweepToEnd(world: ReportWorld, scheduler: Scheduler): Promise<void> {
  const { ports, lake } = world;
  for (let i = 0; i < SWEEPS_MAX; i++) {
    const due = (await dueReports(ports, lake)).reports;
    for (const { date } of due) await continueReport(ports, lake, lake.reports[0]!, date);
    await scheduler.run();
    if (due.length === 0 && (await listReporting(ports.items)).length === 0) return;
    (ports.clock as FixedClock).advance(10 * 60_000);
  }
  throw new Error('the sweep never ends');
}

export async function reportRows(world: ReportWorld, snapshot?: Snapshot): Promise<string[]> {
  const open = await openTable(world.ports, REPORT);
  if (!open) return [];
  const files = await liveFiles(world.ports.store, open.metadata, snapshot);
  const rows = await readFiles(world.ports, files, currentSchema(open.metadata).fields);
  const text = (day: Scalar | undefined) => new Date(Number(day) * 86_400_000).toISOString().slice(0, 10);
  return rows.map(r => `${text(r.report_date)} ${r.id} ${r.v}`).sort();
}

/**
 * In every snapshot each date's rows are there once, but where a write may land late: there they are doubled until the
 * sweep has looked. A commit of ours touches its own date's files alone. No staging table outlives its attempt.
 */
export async function checkReport(world: ReportWorld, { late }: { readonly late: boolean }): Promise<void> {
  const open = await openTable(world.ports, REPORT);
  for (const snapshot of open?.metadata.snapshots ?? []) {
    const keys = (await reportRows(world, snapshot)).map(row => row.split(' ').slice(0, 2).join(' '));
    if (!late) expect(keys).toEqual([...new Set(keys)]);
    await checkTouched(world, snapshot);
  }
  await forgetStrays(world.ports);
  expect(await world.ports.staging.list()).toEqual([]);
}

async function checkTouched(world: ReportWorld, snapshot: Snapshot): Promise<void> {
  const { metadata } = (await openTable(world.ports, REPORT))!;
  const parent = metadata.snapshots.find(s => s['snapshot-id'] === snapshot['parent-snapshot-id']);
  const built = snapshot.summary[DATE_BUILT];
  if (!parent || built === undefined || !snapshot.summary[COMMIT_ID]) return;
  const others = async (of: Snapshot) => {
    const { data } = await liveFiles(world.ports.store, metadata, of);
    const day = Date.parse(built) / 86_400_000;
    return data.filter(({ file }) => file.partition[0] !== day).map(({ file }) => file.path);
  };
  expect((await others(snapshot)).sort()).toEqual((await others(parent)).sort());
}

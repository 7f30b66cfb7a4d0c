import fc from 'fast-check';
import { parseAsOf } from '../../lib/query/as-of';
import { athenaFoldSql } from '../../lib/query/athena/fold-sql';
import { readAthenaLog } from '../../lib/query/athena/log';
import { diff, filesDiff, type RowChange } from '../../lib/query/diff';
import { history, typedQuery } from '../../lib/query/history';
import { openQuery } from '../../lib/query/open';
import { compactNext } from '../../lib/stages/compact/compact';
import { rebuild } from '../../lib/stages/rebuild';
import { runReport } from '../../lib/stages/report';
import { traceKey } from '../../lib/stages/trace-key';
import { refreshHistoryView } from '../../lib/stages/views';
import { foreignPositionDelete } from '../support/foreign';
import { mergeAll, take } from '../support/lake';
import { memoryJobs } from '../support/memory-jobs';
import { type LocalLake, localLakes } from './local-lake';

const lakes = localLakes();
const T = 'events';
const CONFIG = {
  name: 'game',
  tables: { [T]: { mode: 'append' as const, columns: { id: 'bigint' as const, what: 'string' as const } } },
  reports: { daily: { table: T } },
};

/** Two days of events; the second brings a column, and a row that was there. */
async function twoDays(): Promise<{ lake: LocalLake; first: bigint }> {
  const lake = await lakes(CONFIG);
  await take(lake, '1.csv', 'id,what\n1,sword\n1,sword\n2,\n', { date: '2021-01-01', table: T });
  const { snapshotId } = (await mergeAll(lake, T))[0]!;
  await take(lake, '2.csv', 'id,what,host\n1,sword,\n3,guild,a\n', { date: '2021-01-02', table: T });
  await mergeAll(lake, T);
  return { lake, first: snapshotId };
}

const tableOf = (lake: LocalLake) => lake.lake.tables[0]!;

async function changesSince(lake: LocalLake, snapshotId: bigint): Promise<RowChange[]> {
  const engine = filesDiff(lake.ports.store, lake.engine);
  const found = await diff(lake.ports, lake.lake, engine, T, { snapshotId });
  const rows: RowChange[] = [];
  for await (const row of found.rows) rows.push(row);
  return rows;
}

test('append.query: table and log, now and then, and no history', async () => {
  const { lake, first } = await twoDays();
  const query = await openQuery(lake.ports, lake.lake, lake.engine);
  expect((await query.tables()).map(t => [t.name, t.kind, t.rows])).toEqual([
    [T, 'table', 5],
    [`${T}_deltas`, 'deltas', 5],
  ]);
  expect((await query.describe(T)).map(c => c.name)).toEqual([
    ...['id', 'what', 'host', '_pos_major', '_pos_minor', '_changed_at'],
  ]);
  const sql = `SELECT id, what FROM ${T} ORDER BY _pos_major, _pos_minor`;
  const before = [
    [1n, 'sword'],
    [1n, 'sword'],
    [2n, null],
  ];
  expect((await query.run(sql)).rows).toEqual([...before, [1n, 'sword'], [3n, 'guild']]);
  const then = await openQuery(lake.ports, lake.lake, lake.engine, { asOf: { snapshotId: first } });
  expect((await then.run(sql)).rows).toEqual(before);
  await expect(query.run(`SELECT * FROM ${T}_history`)).rejects.toMatchObject({ code: 'TM_6001' });
  const early = await openQuery(lake.ports, lake.lake, lake.engine, { asOf: { at: 0 } });
  await expect(early.run(sql)).rejects.toMatchObject({ code: 'TM_6003', next: 'ask for a later time' });
});

test('append.keyless: what follows a row by its key says that there is none', async () => {
  const { lake } = await twoDays();
  const typed = await typedQuery(lake.ports, lake.lake, lake.engine);
  await expect(history(lake.ports, lake.lake, typed, T, ['1'])).rejects.toMatchObject({ code: 'TM_6020' });
  await expect(traceKey(lake.ports, typed, tableOf(lake), ['1'])).rejects.toMatchObject({ code: 'TM_6020' });
  const jobs = memoryJobs({
    execute: () => Promise.reject(new Error('no view is to be made')),
    fate: () => 'succeeds',
    spawn: () => {
      throw new Error('no view is to be made');
    },
  });
  const ports = { ...lake.ports, jobs, databases: { lake: 'game' } };
  expect(await refreshHistoryView(ports, tableOf(lake), 'in-any-case')).toEqual({ is: 'none' });
});

test('append.diff: rows as often as they came, whatever the files', async () => {
  const { lake, first } = await twoDays();
  const added = [
    { kind: 'added', key: [], row: { id: 1n, what: 'sword', host: null } },
    { kind: 'added', key: [], row: { id: 3n, what: 'guild', host: 'a' } },
  ];
  expect(await changesSince(lake, first)).toEqual(added);
  await rebuild(lake.ports, tableOf(lake), lake.lake.limits);
  expect(await changesSince(lake, first)).toEqual(added);
  await foreignPositionDelete(lake.ports, T, [2n]);
  expect(await changesSince(lake, first)).toEqual([
    { kind: 'deleted', key: [], row: { id: 2n, what: null, host: null } },
    ...added,
  ]);
  const at = parseAsOf('2020-01-01', 0, 'UTC');
  const whole = await diff(lake.ports, lake.lake, filesDiff(lake.ports.store, lake.engine), T, at);
  expect(whole).toMatchObject({ from: undefined, columns: ['id', 'what', 'host'], key: [] });
  let rows = 0;
  for await (const { kind } of whole.rows) if (kind === 'added') rows++;
  expect(rows).toBe(4);
});

test('append.report: the rows that were received up to its date', async () => {
  const { lake } = await twoDays();
  const ports = { ...lake.ports, query: lake.engine, readSql: async () => '' };
  const [report] = lake.lake.reports;
  expect(await runReport(ports, lake.lake, report!, '2021-01-01')).toMatchObject({ rows: 3 });
  expect(await runReport(ports, lake.lake, report!, '2021-01-02')).toMatchObject({ rows: 5 });
  const query = await openQuery(lake.ports, lake.lake, lake.engine);
  const { rows } = await query.run("SELECT * FROM daily WHERE report_date = DATE '2021-01-01'");
  expect(rows).toEqual([
    [1n, 'sword', null, '2021-01-01'],
    [1n, 'sword', null, '2021-01-01'],
    [2n, null, null, '2021-01-01'],
  ]);
});

test('append.report: on Athena it reads the log alone, the date once', async () => {
  const { lake } = await twoDays();
  const log = (await readAthenaLog(lake.ports, tableOf(lake)))!;
  expect(athenaFoldSql(tableOf(lake), log, 'CAST(? AS DATE)', 'game')).toBe(
    'SELECT "id", "what", "host" FROM "game"."events_deltas" WHERE date_received <= CAST(? AS DATE)',
  );
});

const batch = fc.array(
  fc.record({ id: fc.integer({ min: 1, max: 3 }), what: fc.constantFrom('sword', 'guild') }),
  { minLength: 1, maxLength: 5 },
);
type Batch = readonly { readonly id: number; readonly what: string }[];
const step = fc.constantFrom('merge', 'none', 'none', 'compact', 'rebuild');

test('append.naive: DuckDB reads the rows that were taken in, however they were batched', async () => {
  const exact = async (batches: readonly (readonly [Batch, string])[]) => {
    const lake = await lakes(CONFIG);
    const limits = { ...lake.lake.limits, smallFilesMin: 2 };
    for (const [i, [rows, then]] of batches.entries()) {
      const text = `id,what\n${rows.map(r => `${r.id},${r.what}\n`).join('')}`;
      await take(lake, `${i}.csv`, text, { date: `2021-01-0${1 + (i % 3)}`, table: T });
      if (then !== 'none') await mergeAll(lake, T);
      if (then === 'compact') while (await compactNext(lake.ports, tableOf(lake), limits));
      if (then === 'rebuild') await rebuild(lake.ports, tableOf(lake), lake.lake.limits);
    }
    await mergeAll(lake, T);
    const query = await openQuery(lake.ports, lake.lake, lake.engine);
    const taken = batches.flatMap(([rows]) => rows.map(r => `${r.id} ${r.what}`)).sort();
    for (const from of [T, `${T}_deltas`]) {
      const { rows } = await query.run(`SELECT id, what FROM ${from}`);
      expect(rows.map(row => row.join(' ')).sort()).toEqual(taken);
    }
  };
  const batches = fc.array(fc.tuple(batch, step), { minLength: 1, maxLength: 6 });
  await fc.assert(fc.asyncProperty(batches, exact), {
    numRuns: Number(process.env.TIDEMARK_HISTORIES ?? 8),
  });
}, 120_000);

import type { QueryEngine } from '../../lib/ports/query-engine';
import { athenaDiff } from '../../lib/query/athena/diff';
import { athenaFoldSql } from '../../lib/query/athena/fold-sql';
import { readAthenaLog } from '../../lib/query/athena/log';
import { openAthenaQuery } from '../../lib/query/athena/open';
import { diff, type RowChange } from '../../lib/query/diff';
import { rebuild } from '../../lib/stages/rebuild';
import { mergeAll, take } from '../support/lake';
import { athenaOver, madeWorkgroup } from './athena';
import { madePlace, memoryLake, spill } from './memory-lake';

const T = 'events';

let place: string;
let engine: QueryEngine;
beforeAll(async () => {
  place = await madePlace('append');
  const athena = athenaOver(place);
  engine = athena.engine;
  await madeWorkgroup(athena.client, place);
});

test('append.athena: what stands, what came since, and what a report of a date has', async () => {
  const lake = memoryLake(place, 'append', {
    name: 'game',
    tables: { [T]: { mode: 'append', columns: { id: 'bigint', what: 'string' } } },
  });
  const [table] = lake.lake.tables;
  await take(lake, '1.csv', 'id,what\n1,sword\n1,sword\n2,\n', { date: '2021-01-01', table: T });
  const { snapshotId } = (await mergeAll(lake, T))[0]!;
  await take(lake, '2.csv', 'id,what,host\n1,sword,\n3,guild,a\n', { date: '2021-01-02', table: T });
  await mergeAll(lake, T);
  await rebuild(lake.ports, table!, lake.lake.limits);
  await spill(place, lake);

  const query = await openAthenaQuery(lake.ports, lake.lake, engine, { database: place });
  const counted = await query.run(`SELECT what, count(*) FROM ${T} GROUP BY what ORDER BY what`);
  expect(counted.rows.map(row => row.join())).toEqual(['guild,1', 'sword,3', ',1']);
  expect((await query.tables()).map(one => one.name)).toEqual([T, `${T}_deltas`]);

  const changes: RowChange[] = [];
  const found = await diff(lake.ports, lake.lake, athenaDiff(engine, place), T, { snapshotId });
  for await (const change of found.rows) changes.push(change);
  expect(changes).toEqual([
    { kind: 'added', key: [], row: { id: 1n, what: 'sword', host: null } },
    { kind: 'added', key: [], row: { id: 3n, what: 'guild', host: 'a' } },
  ]);

  const log = (await readAthenaLog(lake.ports, table!))!;
  const sql = athenaFoldSql(table!, log, 'CAST($1 AS DATE)', place);
  const { rows } = await engine.rows({ sql: `SELECT id, what FROM (${sql})`, params: ['2021-01-01'] });
  expect(rows.map(row => row.join()).sort()).toEqual(['1,sword', '1,sword', '2,']);
}, 180_000);

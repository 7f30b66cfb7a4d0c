import type { AthenaJobs } from '../../lib/adapters/aws/athena';
import { openDuckDb } from '../../lib/adapters/local/duckdb';
import type { LakeConfig } from '../../lib/config/define';
import { currentSchema } from '../../lib/iceberg/metadata';
import type { QueryEngine } from '../../lib/ports/query-engine';
import { historySql } from '../../lib/query/history-sql';
import { refreshHistoryView, type ViewState } from '../../lib/stages/views';
import { openTable } from '../../lib/table/open';
import { mergeAll, type TestLake, take } from '../support/lake';
import { athenaOver, madeWorkgroup } from './athena';
import { madePlace, memoryLake, spill } from './memory-lake';

let place: string;
let jobs: AthenaJobs;
let engine: QueryEngine;
beforeAll(async () => {
  place = await madePlace('views');
  const athena = athenaOver(place);
  ({ jobs, engine } = athena);
  await madeWorkgroup(athena.client, place);
});

const COLUMNS = {
  id: 'bigint',
  tenant: 'varchar(10)',
  flag: 'boolean',
  small: 'int',
  single: 'float',
  double: 'double',
  price: 'decimal(20,4)',
  day: 'date',
  at: 'datetime',
  bytes: 'binary',
  op: 'string',
};

const configOf = (name: string): LakeConfig => ({
  name: 'views',
  tables: {
    [name]: {
      key: ['tenant', 'id'],
      columns: COLUMNS,
      format: { header: true, opColumn: 'Op', sequenceColumn: 'AR_H_CHANGE_SEQ' },
    },
  },
});

const FULL = {
  ...{
    id: '9007199254740993',
    tenant: 't',
    flag: true,
    small: -1,
    single: 0.5,
    double: 1e-7,
    price: '12.5000',
  },
  ...{ day: '1969-12-31', at: '1969-12-31 23:59:59.999999', bytes: 'ab00', op: "it's" },
};

let position = 0;
async function received(lake: TestLake, op: string, values: object): Promise<void> {
  const { name } = lake.lake.tables[0]!;
  const sequence = `20210101000000${String(++position).padStart(21, '0')}`;
  const text = JSON.stringify({ Op: op, AR_H_CHANGE_SEQ: sequence, ...values });
  expect(await take(lake, `${position}/${name}.jsonl`, text, { date: '2021-01-01' })).toMatchObject({
    outcome: 'taken-in',
  });
}

const refresh = (lake: TestLake): Promise<ViewState> =>
  refreshHistoryView({ ...lake.ports, jobs, databases: { lake: place } }, lake.lake.tables[0]!);

/** Merges, and calls the stage until the view is as it should be. */
async function refreshed(lake: TestLake): Promise<ViewState['is'][]> {
  await mergeAll(lake, lake.lake.tables[0]!.name);
  await spill(place, lake);
  const states: ViewState['is'][] = [];
  for (;;) {
    const { is, error } = await refresh(lake);
    if (states.at(-1) !== is) states.push(is);
    if (error) throw new Error(error);
    if (is === 'current') return states;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

test('views.columns: names, types and values are those of the local history', async () => {
  const lake = memoryLake(place, 'a', configOf('all'));
  await received(lake, 'I', FULL);
  await received(lake, 'D', { id: FULL.id, tenant: 't' });
  expect(await refreshed(lake)).toEqual(['runs', 'current']);
  const log = (await openTable(lake.ports, 'all_deltas'))!;
  const { fields } = currentSchema(log.metadata);
  const key = ['tenant', 'id'].map(name => fields.find(f => f.name === name)!);
  const duckdb = await openDuckDb({ threads: 1 });
  const local = await duckdb.describe({ sql: historySql({ fields, key, files: [], beyond: [] }) });
  await duckdb.close();
  const { columns, rows } = await engine.rows({ sql: 'SELECT * FROM all_history ORDER BY _pos_minor' });
  expect(columns).toEqual(local);
  const values = Object.entries({ ...FULL, id: 9007199254740993n });
  const at = (name: string) => columns.findIndex(c => c.name === name);
  for (const row of rows) {
    expect(values.map(([name]) => [name, row[at(name)]])).toEqual(values);
    expect(row[at('valid_from')]).toBe('2021-01-01 00:00:00');
  }
  expect(rows.map(row => [row[at('_op')], row[at('valid_to')]])).toEqual([
    ['I', '2021-01-01 00:00:00'],
    ['D', null],
  ]);
}, 60_000);

test('views.pushdown: a filter on the key goes below every window, down to the files', async () => {
  const lake = memoryLake(place, 'b', configOf('pushed'));
  await received(lake, 'I', FULL);
  await refreshed(lake);
  const plan = async (where: string) =>
    (await engine.rows({ sql: `EXPLAIN SELECT * FROM pushed_history WHERE ${where}` })).rows.join('\n');
  const scans = (text: string) =>
    [...text.matchAll(/(?:Scan\w*|TableScan)\[table = \S*pushed_deltas[^\n]*/g)].map(m => m[0]);
  // TRUNCATEs have no key, and are asked for by that.
  const isTruncates = (scan: string) => /IS NULL/.test(scan);
  const asked = scans(await plan("tenant = 't' AND id = 5"));
  expect(asked.filter(isTruncates)).not.toEqual([]);
  const changes = asked.filter(scan => !isTruncates(scan));
  expect(changes).toHaveLength(1);
  expect(changes[0]).toMatch(/bigint '5'/);
  expect(changes[0]).toMatch(/varchar[^']*'t'/);
  // A filter on another column must not: it would take rows out of the middle of a history.
  const whole = scans(await plan('small = 7')).filter(scan => !isTruncates(scan));
  expect(whole).toHaveLength(1);
  expect(whole[0]).not.toMatch(/'7'/);
}, 60_000);

test('views.evolution: a new column is in the view after the next refresh, old rows do not have it', async () => {
  const lake = memoryLake(place, 'c', configOf('grown'));
  await received(lake, 'I', FULL);
  await refreshed(lake);
  expect(await refresh(lake)).toEqual({ is: 'current' });
  await received(lake, 'U', { ...FULL, extra: 7 });
  await received(lake, 'U', { ...FULL, small: 2 });
  // Until then it shows what it knows.
  expect((await engine.rows({ sql: 'SELECT count(*) FROM grown_history' })).rows).toEqual([[1n]]);
  expect(await refreshed(lake)).toEqual(['runs', 'current']);
  const sql = 'SELECT small, extra FROM grown_history ORDER BY _pos_minor';
  expect((await engine.rows({ sql })).rows.map(([small, extra]) => [small, Number(extra ?? -1)])).toEqual([
    [-1, -1],
    [-1, 7],
    [2, 7],
  ]);
}, 60_000);

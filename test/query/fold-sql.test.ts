import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { openDuckDb } from '../../lib/adapters/local/duckdb';
import { memoryStore } from '../../lib/adapters/memory/object-store';
import { catalogOverStore } from '../../lib/adapters/store-catalog';
import type { QueryEngine } from '../../lib/ports/query-engine';
import { foldSql } from '../../lib/query/fold-sql';
import { historySql } from '../../lib/query/history-sql';
import type { SqlLog } from '../../lib/query/log-sql';
import { readLog } from '../../lib/query/relations';
import { changesOf, type HistoryRow, type HistoryStep, history, textOf } from '../support/histories';
import { memoryPorts, mergeAll, type TestLake, take, testLake } from '../support/lake';
import { naiveFold } from '../support/naive-fold';
import { type DatedChange, naiveHistory } from './naive-history';

const RUNS = Number(process.env.TIDEMARK_HISTORIES ?? 25);
const COLUMNS = ['a', 'b', 'gone'];
const DATES = ['2021-01-01', '2021-01-02', '2021-01-03'];

let engine: QueryEngine;
let folder: string;
beforeAll(async () => {
  engine = await openDuckDb({ threads: 1 });
  folder = mkdtempSync(join(tmpdir(), 'tidemark-fold-'));
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

let lakes = 0;

function lakeOf(deletedWhen: boolean): TestLake {
  const table = {
    key: ['id'],
    columns: { id: 'bigint', a: 'int', b: 'string', gone: 'boolean' },
    format: { header: true, opColumn: 'Op', sequenceColumn: 'AR_H_CHANGE_SEQ' },
    ...(deletedWhen ? { deletedWhen: { column: 'gone', equals: true } } : {}),
  };
  const lake = testLake({ name: 'fold', tables: { one: table } });
  const store = memoryStore(join(folder, String(lakes++)));
  return { ...lake, ports: { ...memoryPorts(), store, catalog: catalogOverStore(store) } };
}

/** Puts the deltas where the engine finds them; the lake itself stays in memory, which needs no syncing. */
async function spill({ ports: { store } }: TestLake): Promise<void> {
  mkdirSync(store.uri('deltas/one'), { recursive: true });
  for await (const { key } of store.list('deltas/')) writeFileSync(store.uri(key), (await store.get(key))!);
}

/** Takes in the files of table 0, on three dates in turn; each is an entry of its own. */
async function play(lake: TestLake, steps: readonly HistoryStep[], rule: boolean): Promise<DatedChange[]> {
  const arrived: DatedChange[] = [];
  for (const [i, step] of steps.entries()) {
    if (step.kind !== 'file') continue;
    const { form } = step.file;
    const date = DATES[i % 3]!;
    const key = form === 'csv' ? `s/one/${date.replaceAll('-', '')}-000000000.csv` : `${i}/one.jsonl`;
    const result = await take(lake, key, textOf(step.file), { date });
    if (result.outcome === 'seen') continue;
    expect(result).toMatchObject({ outcome: 'taken-in', dateReceived: date });
    arrived.push(...changesOf(step.file, result.first!, rule).map(c => ({ ...c, date })));
  }
  await mergeAll(lake, 'one');
  await spill(lake);
  return arrived;
}

async function agree(steps: readonly HistoryStep[], rule: boolean): Promise<void> {
  const lake = lakeOf(rule);
  const arrived = await play(lake, steps, rule);
  const log = await readLog(lake.ports, lake.lake.tables[0]!);
  if (!log) return;
  for (const date of DATES) await sameFold(log, arrived, date, rule);
  await sameHistory(log, arrived, rule);
}

async function sameFold(
  log: SqlLog,
  arrived: readonly DatedChange[],
  date: string,
  rule: boolean,
): Promise<void> {
  const columns = rule ? ['a', 'b'] : COLUMNS;
  const then = arrived.filter(c => c.date <= date);
  const expected = naiveFold(then, COLUMNS, rule ? 'gone' : undefined);
  const wanted = [...expected].map(([id, row]) => [Number(id), ...columns.map(c => row[c])]);
  const { rows } = await engine.rows({ sql: foldSql(log, 'CAST($1 AS DATE)'), params: [date] });
  expect(rows.map(([id, ...rest]) => [Number(id), ...rest])).toEqual(
    wanted.sort((a, b) => Number(a[0]) - Number(b[0])),
  );
}

async function sameHistory(log: SqlLog, arrived: readonly DatedChange[], rule: boolean): Promise<void> {
  const expected = naiveHistory(arrived, COLUMNS, rule ? 'gone' : undefined).map(p =>
    JSON.stringify([p.key, p.op, ...COLUMNS.map(c => p.values[c]), p.from, p.to]),
  );
  const sql = `SELECT CAST(id AS VARCHAR), op, a, b, gone, CAST(CAST(valid_from AS DATE) AS VARCHAR),
    CAST(CAST(valid_to AS DATE) AS VARCHAR) FROM (${historySql(log)})`;
  const { rows } = await engine.rows({ sql });
  expect(rows.map(row => JSON.stringify(row)).sort()).toEqual(expected.sort());
}

test.each([true, false])(
  'query.naive: fold and history, full rows only: %s',
  async full => {
    await fc.assert(fc.asyncProperty(history(full), fc.boolean(), agree), { numRuns: RUNS });
  },
  60_000,
);

const change = (op: HistoryRow['op'], at: number, values: Partial<HistoryRow> = {}): HistoryRow => ({
  ...{ op, at, id: 1, was: undefined, a: undefined, b: undefined, gone: undefined },
  ...values,
});
const files = (...all: HistoryRow[][]): HistoryStep[] =>
  all.map(rows => ({ kind: 'file', table: 0, file: { form: 'json', rows } }));
const FULL = { a: 1, b: 'x', gone: false };

// Each goes wrong in the SQL without the rule it is named after; random histories seldom come to them.
test.each<[string, boolean, HistoryStep[]]>([
  [
    'a partial change does not revive (P6)',
    true,
    files([change('I', 0, FULL), change('D', 1), change('U', 2, { a: 5 })]),
  ],
  [
    'one with the column does, later ones follow (P6)',
    true,
    files([
      change('I', 0, FULL),
      change('D', 1),
      change('U', 2, { a: 5 }),
      change('U', 3, { gone: false }),
      change('U', 4, { a: 6 }),
    ]),
  ],
  [
    'without deletedWhen it does',
    false,
    files([change('I', 0, FULL), change('D', 1), change('U', 2, { a: 5 })]),
  ],
  [
    'NULL sets, absent keeps',
    false,
    files([change('I', 0, FULL)], [change('U', 2, { b: null })], [change('U', 1, { a: 3 })]),
  ],
  [
    'nothing is kept over a delete',
    false,
    files([change('I', 0, FULL), change('D', 1), change('I', 2, { b: 'y' })]),
  ],
  [
    'nothing is kept over a TRUNCATE',
    false,
    files([change('I', 0, FULL), change('T', 1), change('I', 2, { b: 'y' })]),
  ],
  [
    'a TRUNCATE of the same position and entry comes first (P1)',
    false,
    files([change('I', 4, FULL), change('T', 4)]),
  ],
  ['one of a later entry comes last (P1)', false, files([change('I', 4, FULL)], [change('T', 4)])],
  [
    'at one position the later entry wins (P1)',
    false,
    files([change('I', 4, FULL)], [change('U', 4, { a: 9 })]),
  ],
])('fold.rule: %s', async (_, rule, steps) => {
  await agree(steps, rule);
});

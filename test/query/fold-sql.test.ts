import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
import { type HistoryStep, history } from '../support/histories';
import { memoryPorts, type TestLake, testLake } from '../support/lake';
import { naiveFold } from '../support/naive-fold';
import { SCRATCH } from '../support/scratch';
import { asExpected, COLUMNS, DATES, expectedHistory, foldedTable, play, RULES } from './fold-rules';
import type { DatedChange } from './naive-history';

const RUNS = Number(process.env.TIDEMARK_HISTORIES ?? 8);

let engine: QueryEngine;
let folder: string;
beforeAll(async () => {
  engine = await openDuckDb({ threads: 1 });
  folder = mkdtempSync(join(SCRATCH, 'tidemark-fold-'));
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

let lakes = 0;

function lakeOf(deletedWhen: boolean): TestLake {
  const lake = testLake({ name: 'fold', tables: { one: foldedTable(deletedWhen) } });
  const store = memoryStore(join(folder, String(lakes++)));
  return { ...lake, ports: { ...memoryPorts(), store, catalog: catalogOverStore(store) } };
}

/** Puts the deltas where the engine finds them; the lake itself stays in memory, which needs no syncing. */
async function spill({ ports: { store } }: TestLake): Promise<void> {
  mkdirSync(store.uri('deltas/one'), { recursive: true });
  for await (const { key } of store.list('deltas/')) writeFileSync(store.uri(key), (await store.get(key))!);
}

async function agree(steps: readonly HistoryStep[], rule: boolean): Promise<void> {
  const lake = lakeOf(rule);
  const arrived = await play(lake, steps, rule);
  await spill(lake);
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
  const { rows } = await engine.rows({ sql: asExpected(historySql(log)) });
  expect(rows.map(row => JSON.stringify(row)).sort()).toEqual(expectedHistory(arrived, rule));
}

test.each([true, false])(
  'query.naive: fold and history, full rows only: %s',
  async full => {
    await fc.assert(fc.asyncProperty(history(full), fc.boolean(), agree), { numRuns: RUNS });
  },
  600_000,
);

test.each(RULES)('fold.rule: %s', async (_, rule, steps) => {
  await agree(steps, rule);
});

import fc from 'fast-check';
import type { QueryEngine } from '../../lib/ports/query-engine';
import { athenaFoldSql } from '../../lib/query/athena/fold-sql';
import { athenaHistorySql } from '../../lib/query/athena/history-view';
import { type AthenaLog, readAthenaLog } from '../../lib/query/athena/log';
import { asExpected, COLUMNS, DATES, expectedHistory, foldedTable, play, RULES } from '../query/fold-rules';
import type { DatedChange } from '../query/naive-history';
import { type HistoryStep, history } from '../support/histories';
import type { TestLake } from '../support/lake';
import { naiveFold } from '../support/naive-fold';
import { athenaOver, madeWorkgroup } from './athena';
import { madePlace, memoryLake, spill } from './memory-lake';

const RUNS = Number(process.env.TIDEMARK_HISTORIES ?? 5);

let place: string;
let engine: QueryEngine;
beforeAll(async () => {
  place = await madePlace('fold');
  const athena = athenaOver(place);
  engine = athena.engine;
  await madeWorkgroup(athena.client, place);
});

let lakes = 0;

function lakeOf(name: string, deletedWhen: boolean): TestLake {
  return memoryLake(place, name, { name: 'fold', tables: { [name]: foldedTable(deletedWhen) } });
}

/**
 * Rows of one file, key, position and rank have no order but their file's, which SQL over the log table does not see:
 * a source does not write such. The first of them stays.
 */
function untied(step: HistoryStep): HistoryStep {
  if (step.kind !== 'file') return step;
  const seen = new Set<string>();
  const rows = step.file.rows.filter(({ op, at, id, was }) => {
    const places = op === 'T' ? [`T ${at}`] : [id, was ?? id].map(key => `${key} ${at}`);
    const free = places.every(p => !seen.has(p));
    for (const p of places) seen.add(p);
    return free;
  });
  return { ...step, file: { ...step.file, rows } };
}

async function agree(steps: readonly HistoryStep[], rule: boolean): Promise<void> {
  const lake = lakeOf(`one_${lakes++}`, rule);
  const arrived = await play(lake, steps.map(untied), rule);
  await spill(place, lake);
  const log = await readAthenaLog(lake.ports, lake.lake.tables[0]!);
  if (!log) return;
  await sameFolds(lake, log, arrived, rule);
  await sameHistory(lake, log, arrived, rule);
}

/** All dates in one statement: an engine's answer takes as long for one as for three. */
async function sameFolds(
  lake: TestLake,
  log: AthenaLog,
  arrived: readonly DatedChange[],
  rule: boolean,
): Promise<void> {
  const columns = rule ? ['a', 'b'] : COLUMNS;
  const expected = DATES.flatMap(date => {
    const then = arrived.filter(c => c.date <= date);
    const rows = [...naiveFold(then, COLUMNS, rule ? 'gone' : undefined)];
    return rows.map(([id, row]) => JSON.stringify([date, id, ...columns.map(c => row[c])]));
  });
  const folds = DATES.map((date, i) => {
    const sql = athenaFoldSql(lake.lake.tables[0]!, log, `CAST($${i + 1} AS DATE)`, place);
    return `SELECT '${date}', CAST(id AS VARCHAR), ${columns.join(', ')} FROM (${sql})`;
  });
  const { rows } = await engine.rows({ sql: folds.join('\nUNION ALL\n'), params: DATES });
  expect(rows.map(row => JSON.stringify(row)).sort()).toEqual(expected.sort());
}

async function sameHistory(
  lake: TestLake,
  log: AthenaLog,
  arrived: readonly DatedChange[],
  rule: boolean,
): Promise<void> {
  const sql = asExpected(athenaHistorySql(lake.lake.tables[0]!, log, place));
  const { rows } = await engine.rows({ sql });
  expect(rows.map(row => JSON.stringify(row)).sort()).toEqual(expectedHistory(arrived, rule));
}

test.each([true, false])(
  'athena.naive: fold and history, full rows only: %s',
  async full => {
    await fc.assert(fc.asyncProperty(history(full), fc.boolean(), agree), { numRuns: RUNS });
  },
  30_000 + RUNS * 10_000,
);

test.each(RULES)(
  'athena.rule: %s',
  async (_, rule, steps) => {
    await agree(steps, rule);
  },
  30_000,
);

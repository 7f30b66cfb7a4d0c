import fc from 'fast-check';
import type { QueryEngine } from '../../lib/ports/query-engine';
import { athenaFoldSql } from '../../lib/query/athena/fold-sql';
import { athenaHistorySql } from '../../lib/query/athena/history-view';
import { type AthenaLog, readAthenaLog } from '../../lib/query/athena/log';
import { type DatedChange, naiveHistory } from '../query/naive-history';
import { changesOf, type HistoryRow, type HistoryStep, history, textOf } from '../support/histories';
import { mergeAll, type TestLake, take } from '../support/lake';
import { naiveFold } from '../support/naive-fold';
import { athenaOver, madeWorkgroup } from './athena';
import { madePlace, memoryLake, spill } from './memory-lake';

const RUNS = Number(process.env.TIDEMARK_HISTORIES ?? 5);
const COLUMNS = ['a', 'b', 'gone'];
const DATES = ['2021-01-01', '2021-01-02', '2021-01-03'];

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
  const table = {
    key: ['id'],
    columns: { id: 'bigint', a: 'int', b: 'string', gone: 'boolean' },
    format: { header: true, opColumn: 'Op', sequenceColumn: 'AR_H_CHANGE_SEQ' },
    ...(deletedWhen ? { deletedWhen: { column: 'gone', equals: true } } : {}),
  };
  return memoryLake(place, name, { name: 'fold', tables: { [name]: table } });
}

/**
 * Rows of one file, key, position and rank have no order but their file's, which SQL over the log table does not see:
 * a source does not write such. The first of them stays.
 */
function untied(rows: readonly HistoryRow[]): HistoryRow[] {
  const seen = new Set<string>();
  return rows.filter(({ op, at, id, was }) => {
    const places = op === 'T' ? [`T ${at}`] : [id, was ?? id].map(key => `${key} ${at}`);
    const free = places.every(p => !seen.has(p));
    for (const p of places) seen.add(p);
    return free;
  });
}

/** Takes in the files of table 0, on three dates in turn; each is an entry of its own. */
async function play(lake: TestLake, steps: readonly HistoryStep[], rule: boolean): Promise<DatedChange[]> {
  const name = lake.lake.tables[0]!.name;
  const arrived: DatedChange[] = [];
  for (const [i, step] of steps.entries()) {
    if (step.kind !== 'file') continue;
    const file = { ...step.file, rows: untied(step.file.rows) };
    const date = DATES[i % 3]!;
    const key =
      file.form === 'csv' ? `s/${name}/${date.replaceAll('-', '')}-000000000.csv` : `${i}/${name}.jsonl`;
    const result = await take(lake, key, textOf(file), { date });
    if (result.outcome === 'seen') continue;
    expect(result).toMatchObject({ outcome: 'taken-in', dateReceived: date });
    arrived.push(...changesOf(file, result.first!, rule).map(c => ({ ...c, date })));
  }
  await mergeAll(lake, name);
  await spill(place, lake);
  return arrived;
}

async function agree(steps: readonly HistoryStep[], rule: boolean): Promise<void> {
  const lake = lakeOf(`one_${lakes++}`, rule);
  const arrived = await play(lake, steps, rule);
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
  const expected = naiveHistory(arrived, COLUMNS, rule ? 'gone' : undefined).map(p =>
    JSON.stringify([p.key, p.op, ...COLUMNS.map(c => p.values[c]), p.from, p.to]),
  );
  const sql = `SELECT CAST(id AS VARCHAR), op, a, b, gone, CAST(CAST(valid_from AS DATE) AS VARCHAR),
    CAST(CAST(valid_to AS DATE) AS VARCHAR) FROM (${athenaHistorySql(lake.lake.tables[0]!, log, place)})`;
  const { rows } = await engine.rows({ sql });
  expect(rows.map(row => JSON.stringify(row)).sort()).toEqual(expected.sort());
}

test.each([true, false])(
  'athena.naive: fold and history, full rows only: %s',
  async full => {
    await fc.assert(fc.asyncProperty(history(full), fc.boolean(), agree), { numRuns: RUNS });
  },
  30_000 + RUNS * 10_000,
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
    'NULL sets, absent keeps, in files that lack the column too (I6)',
    false,
    files(
      [change('I', 0, FULL)],
      [change('U', 2, { b: null })],
      [change('U', 1, { a: 3 })],
      [change('U', 3)],
    ),
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
])(
  'athena.rule: %s',
  async (_, rule, steps) => {
    await agree(steps, rule);
  },
  30_000,
);

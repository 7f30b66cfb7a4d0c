import type { TableConfig } from '../../lib/config/define';
import { changesOf, type HistoryRow, type HistoryStep, textOf } from '../support/histories';
import { mergeAll, type TestLake, take } from '../support/lake';
import { type DatedChange, naiveHistory } from './naive-history';

/** What the SQL of every engine is held against: tables of these columns, files of these dates, and the cases below. */
export const COLUMNS = ['a', 'b', 'gone'];
export const DATES = ['2021-01-01', '2021-01-02', '2021-01-03'];

export function foldedTable(deletedWhen: boolean): TableConfig {
  return {
    key: ['id'],
    columns: { id: 'bigint', a: 'int', b: 'string', gone: 'boolean' },
    format: { header: true, opColumn: 'Op', sequenceColumn: 'AR_H_CHANGE_SEQ' },
    ...(deletedWhen ? { deletedWhen: { column: 'gone', equals: true } } : {}),
  };
}

/** Takes in and merges the files of table 0, on three dates in turn; each is an entry of its own. */
export async function play(
  lake: TestLake,
  steps: readonly HistoryStep[],
  rule: boolean,
): Promise<DatedChange[]> {
  const { name } = lake.lake.tables[0]!;
  const arrived: DatedChange[] = [];
  for (const [i, step] of steps.entries()) {
    if (step.kind !== 'file') continue;
    const { form } = step.file;
    const date = DATES[i % 3]!;
    const key = form === 'csv' ? `s/${name}/${date.replaceAll('-', '')}-000000000.csv` : `${i}/${name}.jsonl`;
    const result = await take(lake, key, textOf(step.file), { date });
    if (result.outcome === 'seen') continue;
    expect(result).toMatchObject({ outcome: 'taken-in', dateReceived: date });
    arrived.push(...changesOf(step.file, result.first!, rule).map(c => ({ ...c, date })));
  }
  await mergeAll(lake, name);
  return arrived;
}

/** The rows of the history as JSON, sorted. */
export function expectedHistory(arrived: readonly DatedChange[], rule: boolean): string[] {
  return naiveHistory(arrived, COLUMNS, rule ? 'gone' : undefined)
    .map(p => JSON.stringify([p.key, p.op, ...COLUMNS.map(c => p.values[c]), p.from, p.to]))
    .sort();
}

/** The history in the same form, to be asked of an engine. */
export const asExpected = (historySql: string): string =>
  `SELECT CAST(id AS VARCHAR), op, a, b, gone, CAST(CAST(valid_from AS DATE) AS VARCHAR),
    CAST(CAST(valid_to AS DATE) AS VARCHAR) FROM (${historySql})`;

const change = (op: HistoryRow['op'], at: number, values: Partial<HistoryRow> = {}): HistoryRow => ({
  ...{ op, at, id: 1, was: undefined, a: undefined, b: undefined, gone: undefined },
  ...values,
});
const files = (...all: HistoryRow[][]): HistoryStep[] =>
  all.map(rows => ({ kind: 'file', table: 0, file: { form: 'json', rows } }));
const FULL = { a: 1, b: 'x', gone: false };

/**
 * Name, whether the table has `deletedWhen`, and the files. Each goes wrong in the SQL without the rule it is named after; random
 * histories seldom come to them.
 */
export const RULES: readonly (readonly [string, boolean, HistoryStep[]])[] = [
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
];

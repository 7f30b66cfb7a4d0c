import fc from 'fast-check';
import type { HistoryStep } from '../support/histories';
import { changesOf, history, textOf } from '../support/histories';
import { mergeAll, readRows, type TestLake, take, testLake } from '../support/lake';
import { type NaiveChange, naiveFold } from '../support/naive-fold';

const RUNS = Number(process.env.TIDEMARK_HISTORIES ?? 30);
const TABLES = ['one', 'two'] as const;
const COLUMNS = ['a', 'b', 'gone'];

interface Variant {
  readonly deletedWhen: boolean;
  readonly partitionBy: readonly string[];
  readonly mergeRowsMax: number;
}

function lakeOf(variant: Variant): TestLake {
  const table = {
    key: ['id'],
    columns: { id: 'bigint', a: 'int', b: 'string', gone: 'boolean' },
    partitionBy: [...variant.partitionBy],
    format: { header: true, opColumn: 'Op', sequenceColumn: 'AR_H_CHANGE_SEQ' },
    ...(variant.deletedWhen ? { deletedWhen: { column: 'gone', equals: true } } : {}),
  };
  const lake = testLake({ name: 'fold', tables: { one: table, two: table }, limits: { rowGroupRowsMax: 2 } });
  // One file, one entry: a tie of positions within a file is decided by op, across entries by number.
  const limits = { ...lake.lake.limits, mergeRowsMax: variant.mergeRowsMax };
  return { ...lake, lake: { ...lake.lake, limits } };
}

async function play(
  lake: TestLake,
  steps: readonly HistoryStep[],
  variant: Variant,
): Promise<Map<string, NaiveChange[]>> {
  const arrived = new Map<string, NaiveChange[]>(TABLES.map(t => [t, []]));
  const sent: { key: string; text: string; options: { date?: string } }[] = [];
  for (const [i, step] of steps.entries()) {
    if (step.kind === 'merge') await mergeAll(lake, TABLES[step.table]);
    else if (step.kind === 'again') {
      const again = sent[step.pick % Math.max(1, sent.length)];
      if (again) expect((await take(lake, again.key, again.text, again.options)).outcome).toBe('seen');
    } else {
      const table = TABLES[step.table];
      const { form } = step.file;
      // Change files of one name stand for corrected ones; plain files are named by their table.
      const key = form === 'csv' ? `s/${table}/20210101-000000000.csv` : `${i}/${table}.jsonl`;
      const text = textOf(step.file);
      const options = form === 'csv' ? {} : { date: '2021-01-01' };
      const result = await take(lake, key, text, options);
      if (result.outcome === 'seen') continue;
      expect(result).toMatchObject({ outcome: 'taken-in' });
      sent.push({ key, text, options });
      arrived.get(table)!.push(...changesOf(step.file, result.first!, variant.deletedWhen));
    }
  }
  return arrived;
}

async function agree(steps: readonly HistoryStep[], variant: Variant): Promise<void> {
  const lake = lakeOf(variant);
  const arrived = await play(lake, steps, variant);
  for (const table of TABLES) {
    await mergeAll(lake, table);
    const expected = naiveFold(arrived.get(table)!, COLUMNS, variant.deletedWhen ? 'gone' : undefined);
    const rows = await readRows(lake.ports, table);
    const got = rows.map(r => [String(r.id), { a: r.a, b: r.b, gone: r.gone }] as const);
    expect(got.length).toBe(new Set(got.map(([id]) => id)).size);
    expect(new Map([...got].sort())).toEqual(new Map([...expected].sort()));
  }
}

const variant = fc.record({
  deletedWhen: fc.boolean(),
  partitionBy: fc.constantFrom([], [], ['a'], ['bucket(3, id)'], ['truncate(2, a)', 'b']),
  mergeRowsMax: fc.constantFrom(1, 3, 1000),
});

test('fold.naive: partial rows, any order, batching and repetition', async () => {
  await fc.assert(fc.asyncProperty(history(false), variant, agree), { numRuns: RUNS });
}, 600_000);

test('fold.naive: full rows', async () => {
  await fc.assert(fc.asyncProperty(history(true), variant, agree), { numRuns: RUNS });
}, 600_000);

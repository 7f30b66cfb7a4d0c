import fc from 'fast-check';
import type { Position } from '../../../lib/change/position';
import { TidemarkError } from '../../../lib/errors';
import { abandonLoad } from '../../../lib/ledger/loads';
import type { Begun } from '../../../lib/stages/load/begin';
import { commitLoad } from '../../../lib/stages/load/commit';
import { rebuild } from '../../../lib/stages/rebuild';
import { changesOf, type HistoryFile, type HistoryStep, history, textOf } from '../../support/histories';
import { mergeAll, readRows, type TestLake, take, testLake } from '../../support/lake';
import { beginOf, type CopiedRow, filesOf } from '../../support/loads';
import { type NaiveChange, naiveFold } from '../../support/naive-fold';

const RUNS = Number(process.env.TIDEMARK_HISTORIES ?? 10);
const T = 'one';
const COLUMNS = ['a', 'b', 'gone'];

/** What happens to a table beside what `history` makes up: loads begin, are committed, the table is built anew. */
type Step =
  | Exclude<HistoryStep, { kind: 'merge' }>
  | { readonly kind: 'merge' }
  | { readonly kind: 'rebuild' }
  | { readonly kind: 'begin'; readonly replaces: boolean; readonly rows: readonly CopiedRow[] }
  | { readonly kind: 'commit' };

interface Variant {
  readonly partitionBy: readonly string[];
  readonly mergeRowsMax: number;
}

function lakeOf({ partitionBy, mergeRowsMax }: Variant): TestLake {
  const table = {
    key: ['id'],
    columns: { id: 'bigint', a: 'int', b: 'string', gone: 'boolean' },
    partitionBy: [...partitionBy],
    format: { header: true, opColumn: 'Op', sequenceColumn: 'AR_H_CHANGE_SEQ' },
  };
  const lake = testLake({ name: 'loads', tables: { [T]: table }, limits: { rowGroupRowsMax: 2 } });
  return { ...lake, lake: { ...lake.lake, limits: { ...lake.lake.limits, mergeRowsMax } } };
}

/** Positions as the naive fold has them; those of changes are what `changesOf` says. */
const MICROS_2021 = 1_609_459_200_000_000n;

function naivePosition({ major, minor }: Position): { major: bigint; minor: bigint } {
  // Changes stand at hundredths of a second of 2021-01-01; a load before all of them stands at 0.
  return major < MICROS_2021 ? { major: -1n, minor } : { major: (major - MICROS_2021) / 10_000n, minor };
}

class Played {
  readonly arrived: NaiveChange[] = [];
  private readonly sent: { key: string; text: string; options: { date?: string } }[] = [];
  /** Whether a replace stands among the changes: a plain load after it would show nothing. */
  private replaced = false;
  private begun: { readonly load: Begun; readonly rows: readonly CopiedRow[] } | undefined;
  private readonly table;

  constructor(private readonly lake: TestLake) {
    this.table = lake.lake.tables[0]!;
  }

  async step(step: Step, i: number): Promise<void> {
    const { ports, lake } = this.lake;
    if (step.kind === 'merge') await mergeAll(this.lake, T);
    else if (step.kind === 'rebuild') await rebuild(ports, this.table, lake.limits);
    else if (step.kind === 'commit') await this.commit();
    else if (step.kind === 'begin') {
      const load = await beginOf(ports, this.table, step.replaces).catch(error => {
        if (!(error instanceof TidemarkError && error.code === 'TM_2768')) throw error;
      });
      const isDropped = this.replaced && !step.replaces;
      expect(load === undefined).toBe(this.begun !== undefined || isDropped);
      if (load) this.begun = { load, rows: step.rows };
    } else if (step.kind === 'again') {
      const again = this.sent[step.pick % Math.max(1, this.sent.length)];
      if (again) expect((await take(this.lake, again.key, again.text, again.options)).outcome).toBe('seen');
    } else await this.file(step.file, i);
  }

  private async file(file: HistoryFile, i: number): Promise<void> {
    const key = file.form === 'csv' ? `s/${T}/20210101-000000000.csv` : `${i}/${T}.jsonl`;
    const text = textOf(file);
    const options = file.form === 'csv' ? {} : { date: '2021-01-01' };
    const result = await take(this.lake, key, text, options);
    if (result.outcome === 'seen') return;
    expect(result).toMatchObject({ outcome: 'taken-in' });
    this.sent.push({ key, text, options });
    this.arrived.push(...changesOf(file, result.first!, false));
  }

  async commit(): Promise<void> {
    if (!this.begun) return;
    const { ports, lake } = this.lake;
    const { load, rows } = this.begun;
    this.begun = undefined;
    const files = await filesOf(ports, this.table, load, rows, lake.limits);
    let entry: number;
    try {
      entry = (await commitLoad(ports, this.table, load.standing, files))!;
    } catch (error) {
      // A change came meanwhile that stands where the load does.
      if (!(error instanceof TidemarkError && error.code === 'TM_2751')) throw error;
      await abandonLoad(ports.items, T, load.standing);
      return;
    }
    const { position, replaces } = load.standing.load;
    const at = { entry, ...naivePosition(position) };
    if (replaces) this.arrived.push({ ...at, row: 0, op: 'T', key: '', values: {} });
    this.replaced ||= replaces && position.major >= MICROS_2021;
    for (const [row, { id, ...values }] of rows.entries())
      this.arrived.push({ ...at, row, op: 'I', key: String(id), values });
  }

  /** All positions are told apart as the ledger's are. */
  async check(): Promise<void> {
    await this.commit();
    await mergeAll(this.lake, T);
    await this.agrees();
    await rebuild(this.lake.ports, this.table, this.lake.lake.limits);
    await this.agrees();
  }

  private async agrees(): Promise<void> {
    const rows = await readRows(this.lake.ports, T);
    const got = rows.map(r => [String(r.id), { a: r.a, b: r.b, gone: r.gone }] as const);
    expect(got.length).toBe(new Set(got.map(([id]) => id)).size);
    expect(new Map([...got].sort())).toEqual(new Map([...naiveFold(this.arrived, COLUMNS)].sort()));
  }
}

const copied: fc.Arbitrary<CopiedRow[]> = fc.uniqueArray(
  fc.record({
    id: fc.integer({ min: 1, max: 6 }).map(BigInt),
    a: fc.option(fc.integer({ min: 10, max: 19 })),
    b: fc.option(fc.constantFrom('copy', '')),
    gone: fc.option(fc.boolean()),
  }),
  { selector: row => row.id, maxLength: 5 },
);

const steps: fc.Arbitrary<Step[]> = fc
  .tuple(
    history(false),
    fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('begin' as const), replaces: fc.boolean(), rows: copied }),
        fc.constant({ kind: 'commit' as const }),
        fc.constant({ kind: 'rebuild' as const }),
      ),
      { minLength: 1, maxLength: 6 },
    ),
    fc.array(fc.nat(), { minLength: 20, maxLength: 20 }),
  )
  .map(([changes, loads, picks]) => {
    const all: Step[] = changes.map(s => (s.kind === 'merge' ? { kind: 'merge' } : s));
    for (const [i, load] of loads.entries()) all.splice(picks[i]! % (all.length + 1), 0, load);
    return all;
  });

const variant = fc.record({
  partitionBy: fc.constantFrom([], [], ['a'], ['bucket(3, id)'], ['truncate(2, a)', 'b']),
  mergeRowsMax: fc.constantFrom(1, 3, 1000),
});

test('load.handOver: copies, changes, replaces and rebuilds in any order give what the naive fold gives', async () => {
  await fc.assert(
    fc.asyncProperty(steps, variant, async (all, of) => {
      const played = new Played(lakeOf(of));
      for (const [i, step] of all.entries()) await played.step(step, i);
      await played.check();
    }),
    { numRuns: RUNS },
  );
}, 600_000);

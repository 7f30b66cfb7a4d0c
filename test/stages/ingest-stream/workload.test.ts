import fc from 'fast-check';
import type { Scalar } from '../../../lib/columnar/types';
import type { TableConfig } from '../../../lib/config/define';
import { listQuarantined } from '../../../lib/ledger/quarantine';
import { replay } from '../../../lib/stages/replay';
import { randomOf } from '../../simulation/scheduler';
import { avroEventRecords } from '../../support/avro-events';
import { mergeAll, readRows, type TestLake, take } from '../../support/lake';
import { debeziumRecords, dmsFiles, dmsRecords, serviceEventRecords } from '../../support/typed-changes';
import { type TableHistory, tablesOf, workload } from '../../support/workload';
import { allOf, deliver, reconfigured, type StreamLake, streamLake } from './streams';

/** How a history is written. */
interface Writer {
  readonly format: 'dms' | 'debezium' | 'service-event' | 'avro';
  /** Whether its records come in their order: they do not say where they stand. */
  readonly ordered?: boolean;
  /** Parts of which each comes behind the one before it. */
  readonly write: (history: TableHistory) => readonly (readonly (string | Uint8Array)[])[];
}

const WRITERS: Readonly<Record<string, Writer>> = {
  // A record of DMS leaves out what is NULL: that of a column that nobody knows yet is left out for good.
  'DMS on Kinesis': { format: 'dms', write: ({ changes, before, name }) => altered(changes, before, name) },
  Debezium: { format: 'debezium', write: ({ changes, name }) => [debeziumRecords(changes, name, false)] },
  // No truncates and no key changes: deletes, and a delete and a create.
  ServiceEvents: {
    format: 'service-event',
    ordered: true,
    write: ({ changes, name }) => [serviceEventRecords(changes, name)],
  },
  Avro: { format: 'avro', ordered: true, write: ({ changes, name }) => [avroEventRecords(changes, name)] },
};

function altered(changes: TableHistory['changes'], before: number, name: string): string[][] {
  const all = dmsRecords(changes, name);
  const first = dmsRecords(changes.slice(0, before), name).length;
  return [all.slice(0, first), all.slice(first)];
}

const DMS_FILES: TableConfig = { format: { kind: 'dms-csv', header: true } };

interface Ways {
  readonly seed: number;
  readonly cuts: readonly number[];
  readonly auto: boolean;
}

const ways: fc.Arbitrary<Ways> = fc.record({
  seed: fc.nat(),
  cuts: fc.array(fc.integer({ min: 5, max: 60 }), { minLength: 1, maxLength: 4 }),
  auto: fc.boolean(),
});

/** One of many in any order; with `ordered` each list keeps its own. */
function shuffled<T>(lists: readonly (readonly T[])[], seed: number, ordered: boolean): T[] {
  const random = randomOf(seed);
  const left = lists.map(list => (ordered ? [...list] : [...list].sort(() => random() - 0.5)));
  const all: T[] = [];
  for (let some = left.filter(l => l.length > 0); some.length > 0; some = left.filter(l => l.length > 0))
    all.push(some[Math.floor(random() * some.length)]!.shift()!);
  return all;
}

/** What waits is taken in once the tables are declared as they became, and nothing waits on. */
async function settle(lake: TestLake): Promise<void> {
  for (const { id } of await listQuarantined(lake.ports.items)) await replay(lake.ports, lake.lake, id);
  const waiting = await listQuarantined(lake.ports.items);
  expect(waiting.map(({ table, code, reason }) => ({ table, code, reason }))).toEqual([]);
}

type Rows = Record<string, readonly Readonly<Record<string, Scalar>>[]>;

const byId = (rows: Rows[string]) => [...rows].sort((a, b) => (a.id! < b.id! ? -1 : 1));

async function rowsOf(lake: TestLake, histories: readonly TableHistory[]): Promise<Rows> {
  const all: Rows = {};
  for (const { name } of histories) {
    await mergeAll(lake, name);
    const own = Object.keys(tablesOf(true)[name]!.columns!);
    const rows = await readRows(lake.ports, name);
    all[name] = byId(
      rows.map(row => {
        const values = own.map(column => [column, row[column] ?? null]);
        // The lake's column is widened with the next row that comes.
        const grows = row.grows === null ? null : BigInt(row.grows as number);
        return { ...Object.fromEntries(values), grows };
      }),
    );
  }
  return all;
}

const wanted = (histories: readonly TableHistory[]): Rows =>
  Object.fromEntries(histories.map(({ name, rows }) => [name, byId(rows)]));

/** The lake that a stream makes: declared as before the ALTER at first, then as after it. */
async function streamed(
  histories: readonly TableHistory[],
  { format, ordered = false, write }: Writer,
  { seed, cuts, auto }: Ways,
): Promise<Rows> {
  const sources = { source: { kind: 'kinesis', format: auto ? 'auto' : format } } as const;
  const first: StreamLake = streamLake({ tables: tablesOf(false), sources });
  const then = reconfigured(first, { tables: tablesOf(true), sources });
  const parts = histories.map(write);
  const counts: number[] = [];
  const records = parts[0]!.flatMap((_, part) => {
    const some = shuffled(
      parts.map(lists => lists[part]!),
      seed,
      ordered,
    );
    counts.push(some.length);
    return some;
  });
  // They are declared anew at the ALTER where it has a place, else somewhere.
  const redeclared = counts.length > 1 ? counts[0]! : records.length / 2;
  for (const record of records) {
    first.clock.advance(1);
    await first.stream.put([{ key: 'k', data: Buffer.from(record as string) }]);
  }
  const all = await allOf(first);
  for (let at = 0, i = 0; at < all.length; i++) {
    const lake = at < redeclared ? first : then;
    const cut = at + cuts[i % cuts.length]!;
    const end = at < redeclared ? Math.min(cut, Math.ceil(redeclared)) : cut;
    const taken = await deliver(lake, all.slice(Math.max(0, at - 2), end));
    expect(taken).toMatchObject({ strays: 0, failed: [] });
    if (i % 3 === 2) for (const { name } of histories) await mergeAll(lake, name);
    at = end;
  }
  await settle(then);
  return rowsOf(then, histories);
}

/**
 * The lake that files of DMS make, in any order before the ALTER, and in any after it: a key change in a file without a
 * column that the table has by then would not be complete (PROTOCOL.md, P6).
 */
async function filed(histories: readonly TableHistory[], { seed, cuts }: Ways): Promise<Rows> {
  const first = streamLake({ tables: tablesOf(false, DMS_FILES), sources: {} });
  const then = { ...first, lake: streamLake({ tables: tablesOf(true, DMS_FILES), sources: {} }).lake };
  const lists = histories.map(({ name, changes }) =>
    dmsFiles(changes, 1 + (cuts[0]! % 5)).map(file => ({ ...file, name: `shop/${name}/${file.name}` })),
  );
  const old = lists.map(files => files.filter(({ columns }) => !columns.includes('extra')));
  const late = lists.map(files => files.filter(({ columns }) => columns.includes('extra')));
  const before = shuffled(old, seed, false);
  const files = [...before, ...shuffled(late, seed, false)];
  for (const [i, { name, text }] of files.entries()) {
    const lake = i < before.length ? first : then;
    await take(lake, name, text);
    if (i % 7 === 6) for (const history of histories) await mergeAll(lake, history.name);
  }
  await settle(then);
  return rowsOf(then, histories);
}

test('workload: ten tables of every type and their ALTERs are one lake, however they are written, cut and ordered', async () => {
  await fc.assert(
    fc.asyncProperty(workload, ways, async (histories, way) => {
      const rows = wanted(histories);
      expect({ as: 'DMS-S3', rows: await filed(histories, way) }).toEqual({ as: 'DMS-S3', rows });
      for (const [as, writer] of Object.entries(WRITERS))
        expect({ as, rows: await streamed(histories, writer, way) }).toEqual({ as, rows });
    }),
    { numRuns: Number(process.env.TIDEMARK_RUNS ?? 3), endOnFailure: true },
  );
}, 600_000);

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import fc from 'fast-check';
import { duckDbCopyEngine } from '../../../lib/adapters/local/duckdb-copy';
import { partsInKeyOrder } from '../../../lib/adapters/local/join-parts';
import type { Field, Scalar } from '../../../lib/columnar/types';
import { compareValues, decodeValue } from '../../../lib/iceberg/single-value';
import { footerOfFile } from '../../../lib/parquet/footer';
import { truncatePart } from '../../../lib/query/load/truncate-part';
import { currentFields, userFields } from '../../../lib/table/columns';
import { dataFile } from '../../../lib/table/write-files';
import { ALL_TYPES, nullableOf } from '../../columnar/arbitraries';
import { fieldsNamed, LIMITS, LoadFolder, logFields, MARK, rowsIn } from './load-files';

const at = new LoadFolder();
afterAll(() => at.close());

const FIELDS = logFields({ id: 'string', at: 'timestamp', n: 'long', d: 'double' });
const USER = userFields(FIELDS);
const KEY = fieldsNamed(FIELDS, 'id', 'n');
const TABLE = currentFields(FIELDS, ['id', 'n']);
type Row = [string, bigint | null, bigint, number | null];

const anyRow: fc.Arbitrary<Row> = fc.tuple(
  fc.constantFrom('', 'a', 'A', 'ä', '\u{ffff}', '😀', 'b'),
  fc.option(fc.bigInt({ min: -3n, max: 3n })),
  fc.bigInt({ min: -2n, max: 2n }),
  fc.option(fc.double({ noNaN: true })),
);

/** Parts as split leaves them, one of each list of rows. */
async function partsOf(lists: readonly (readonly Row[])[]): Promise<string[]> {
  const files: string[] = [];
  for (const [i, rows] of lists.entries()) {
    const file = at.parquet(`rows-${i}.parquet`, USER, rows);
    const [part] = await at.engine.split(
      at.order({ copy: { files: [file] }, fields: FIELDS, key: KEY, keysRepeat: true }),
    );
    files.push(part!.file);
  }
  return files;
}

const lists = fc.array(fc.array(anyRow, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 });
const compare = (type: 'string' | 'timestamp' | 'long', a: Scalar, b: Scalar) =>
  a === null || b === null ? Number(b === null) - Number(a === null) : compareValues(type, a, b);
const byKey = (a: readonly Scalar[], b: readonly Scalar[]) =>
  compare('string', a[0]!, b[0]!) || compare('long', a[2]!, b[2]!);
const keyOf = (row: readonly Scalar[]) => `${row[0]}|${row[2]}`;

test('pack: the table fields, by sortBy and then by key; bounds and counts as of every value', async () => {
  await fc.assert(
    fc.asyncProperty(lists, fc.boolean(), async (given, descending) => {
      const unique = new Map(given.flat().map(row => [keyOf(row), row]));
      const own = given
        .map(list => list.filter(row => unique.get(keyOf(row)) === row))
        .filter(l => l.length > 0);
      const file = `${at.fresh()}/pack.parquet`;
      const order = {
        fields: TABLE,
        key: KEY,
        sortBy: [{ field: FIELDS[1]!, descending }],
        limits: LIMITS,
        file,
      };
      const packed = await at.engine.pack({ ...order, parts: await partsOf(own) });
      const rows = own
        .flat()
        .sort((a, b) => (descending ? -1 : 1) * compare('timestamp', a[1], b[1]) || byKey(a, b));
      expect(rowsIn(file, TABLE)).toEqual(rows.map(row => [...row, MARK.major, MARK.minor, null]));
      const bytes = readFileSync(file);
      expect(packed).toEqual({ rows: rows.length, bytes: bytes.length });
      const footer = footerOfFile(bytes);
      expect(footer.columns.map(c => c.fieldId)).toEqual(TABLE.map(f => f.id));
      const { metrics } = dataFile(file, footer, bytes.length, {
        fields: TABLE,
        specId: 0,
        partition: [],
        sortOrderId: 1,
      });
      const times = rows
        .map(row => row[1])
        .filter(v => v !== null)
        .sort((a, b) => Number(a - b));
      expect(metrics.nullCounts.get(FIELDS[1]!.id)).toBe(rows.length - times.length);
      const bound = (b: Uint8Array | undefined) => b && decodeValue('timestamp', b);
      expect(bound(metrics.lower.get(FIELDS[1]!.id))).toBe(times[0]);
      expect(bound(metrics.upper.get(FIELDS[1]!.id))).toBe(times.at(-1));
    }),
    { numRuns: 8 },
  );
});

const inOrder = async (parts: readonly string[], key: readonly Field[] = KEY) =>
  (await partsInKeyOrder({ parts, key, sortBy: [], fields: TABLE }))?.map(({ file }) => file);

const anyValues = fc.array(fc.tuple(...ALL_TYPES.map(nullableOf)), { minLength: 3, maxLength: 30 });

test('pack.ranges: sorted range by range the rows stand as they do sorted at once, by columns of every type', async () => {
  const fields = logFields({ id: 'long', ...Object.fromEntries(ALL_TYPES.map((t, i) => [`c${i}`, t])) });
  const key = fieldsNamed(fields, 'id');
  const user = userFields(fields);
  const small = duckDbCopyEngine({ tempFolder: at.path('temp'), sortBytes: 600 });
  const sorts = fc.constantFrom(...user.slice(1));
  await fc.assert(
    fc.asyncProperty(
      anyValues,
      sorts,
      fc.boolean(),
      fc.boolean(),
      async (given, field, descending, keyed) => {
        const parts: string[] = [];
        for (const half of [0, 1]) {
          const own = given
            .map((row, i) => [BigInt((i * 7919) % 1009), ...row])
            .filter((_, i) => i % 2 === half);
          const copy = { files: [at.parquet(`v${half}.parquet`, user, own)] };
          parts.push((await at.engine.split(at.order({ copy, fields, key: keyed ? key : [] })))[0]!.file);
        }
        const order = {
          parts,
          fields: user,
          key: keyed ? key : [],
          sortBy: [{ field, descending }],
          limits: LIMITS,
        };
        const [once, ranged] = [`${at.fresh()}/p.parquet`, `${at.fresh()}/p.parquet`];
        const size = await small.pack({ ...order, file: ranged });
        expect(size.rows).toBe((await at.engine.pack({ ...order, file: once })).rows);
        expect(rowsIn(ranged, user)).toEqual(rowsIn(once, user));
        expect(readdirSync(dirname(ranged))).toEqual(['p.parquet']);
      },
    ),
    { numRuns: 12, endOnFailure: true },
  );
}, 120_000);

test('pack.names: a column that is called as the engine calls another sorts nothing', async () => {
  const fields = logFields({ id: 'string', c11: 'long' });
  const user = userFields(fields);
  const rows: Scalar[][] = [
    ['a', 3n],
    ['c', 1n],
  ];
  const parts: string[] = [];
  for (const some of [rows, [['b', 2n]]]) {
    const copy = { files: [at.parquet(`c${parts.length}.parquet`, user, some)] };
    parts.push((await at.engine.split(at.order({ copy, fields, key: [user[0]!] })))[0]!.file);
  }
  const file = `${at.fresh()}/pack.parquet`;
  await at.engine.pack({ parts, fields: user, key: [user[0]!], sortBy: [], limits: LIMITS, file });
  expect(rowsIn(file, user).map(([id]) => id)).toEqual(['a', 'b', 'c']);
});

test('pack.copies taken along their key: parts in any order come out as by a sort', async () => {
  const list = (from: number, to: number): Row[] =>
    Array.from({ length: to - from }, (_, i) => [`k${String(from + i).padStart(4, '0')}`, null, 1n, i]);
  const lists = [list(2000, 3000), list(0, 1000), list(1000, 2000)];
  const parts = await partsOf(lists);
  expect(await inOrder(parts)).toEqual([parts[1], parts[2], parts[0]]);
  const file = `${at.fresh()}/pack.parquet`;
  const order = { fields: USER, key: KEY, sortBy: [], limits: LIMITS, file };
  await at.engine.pack({ ...order, parts });
  expect(rowsIn(file, USER)).toEqual([...lists[1]!, ...lists[2]!, ...lists[0]!]);
  // The last key of one is the first column of the next one's: (k0999, 1) and (k0999, 0).
  const meeting = await partsOf([
    list(0, 1000),
    [
      ['k0999', null, 0n, 1],
      ['k1000', null, 0n, 1],
    ],
  ]);
  expect(await inOrder(meeting)).toBeUndefined();
  await at.engine.pack({ ...order, parts: meeting, file: `${at.fresh()}/pack.parquet` });
  const row = (id: string, time: bigint | null): Row => [id, time, 1n, 1];
  const withNull = await partsOf([
    [row('a', 1n), row('b', 2n)],
    [row('c', null), row('d', 3n)],
  ]);
  expect(await inOrder(withNull, fieldsNamed(FIELDS, 'at'))).toBeUndefined();
  expect(await inOrder(withNull, fieldsNamed(FIELDS, 'd'))).toBeUndefined();
});

test('pack.keyless: rows stay as the parts have them, where they sort alike too', async () => {
  const fields = logFields({ n: 'long', s: 'int' });
  const rows = Array.from({ length: 3000 }, (_, i) => [BigInt(i), i % 2]);
  const parts: string[] = [];
  for (const [i, some] of [rows.slice(0, 1000), rows.slice(1000)].entries()) {
    const copy = {
      files: [at.parquet(`k${i}.parquet`, fields.slice(0, 2), some)],
    };
    parts.push((await at.engine.split(at.order({ copy, fields })))[0]!.file);
  }
  const order = { parts, fields: fields.slice(0, 2), key: [], limits: LIMITS };
  const plain = `${at.fresh()}/pack.parquet`;
  await at.engine.pack({ ...order, sortBy: [], file: plain });
  expect(rowsIn(plain, order.fields)).toEqual(rows);
  const sorted = `${at.fresh()}/pack.parquet`;
  await at.engine.pack({ ...order, sortBy: [{ field: fields[1]!, descending: true }], file: sorted });
  expect(rowsIn(sorted, order.fields)).toEqual([
    ...rows.filter(r => r[1] === 1),
    ...rows.filter(r => r[1] === 0),
  ]);
});

test('repeated, losers, without: as a naive fold says', async () => {
  await fc.assert(
    fc.asyncProperty(lists, async given => {
      const parts = await partsOf(given);
      const stored = parts.map(part => rowsIn(part, USER));
      const placed = stored.flatMap((rows, part) => rows.map((values, row) => ({ part, row, values })));
      const groups = new Map<string, typeof placed>();
      for (const one of placed)
        groups.set(keyOf(one.values), [...(groups.get(keyOf(one.values)) ?? []), one]);
      const doubled = [...groups.values()]
        .filter(g => g.length > 1)
        .sort((a, b) => byKey(a[0]!.values, b[0]!.values));
      const pieces = parts.map((file, part) => ({ file, part, firstRow: 0 }));
      const found = await at.engine.repeated({ pieces, key: KEY }, 5);
      expect([found.keys, found.surplus]).toEqual([doubled.length, doubled.flat().length - doubled.length]);
      expect(found.first).toEqual(
        doubled
          .flat()
          .slice(0, 5)
          .map(({ part, row, values }) => ({ part, row, key: [values[0], String(values[2])] })),
      );
      const winners = new Set(
        [...groups.values()].map(g =>
          g.reduce((a, b) => (compare('timestamp', a.values[1]!, b.values[1]!) <= 0 ? b : a)),
        ),
      );
      const file = `${at.fresh()}/losers.parquet`;
      const losses = await at.engine.losers({ pieces, key: KEY, newestBy: FIELDS[1]!, file });
      expect(losses).toEqual(
        parts.map((_, p) => placed.filter(one => one.part === p && !winners.has(one)).length),
      );
      for (const [part, lost] of losses.entries()) {
        if (lost === 0) continue;
        const to = `${at.fresh()}/part.parquet`;
        const left = await at.engine.without({
          from: parts[part]!,
          part,
          losers: [file],
          fields: FIELDS,
          file: to,
          limits: LIMITS,
        });
        const rows = placed.filter(one => one.part === part && winners.has(one)).map(one => one.values);
        if (rows.length === 0) expect(left).toBeUndefined();
        else {
          expect(left!.rows).toBe(rows.length);
          expect(rowsIn(to, USER)).toEqual(rows);
          expect(rowsIn(to, FIELDS)[0]!.slice(4)).toEqual(rowsIn(parts[part]!, FIELDS)[0]!.slice(4));
        }
      }
    }),
    { numRuns: 6 },
  );
});

test('truncate: one row that is nothing but the TRUNCATE and its place', () => {
  const path = at.path('truncate.parquet');
  writeFileSync(path, truncatePart(FIELDS, MARK));
  expect(rowsIn(path, FIELDS)).toEqual([
    [null, null, null, null, 'T', MARK.major, MARK.minor, 5n, null, MARK.source, null, 19_782],
  ]);
});

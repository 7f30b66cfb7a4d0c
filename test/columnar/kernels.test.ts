import fc from 'fast-check';
import type { Column } from '../../lib/columnar/column';
import {
  byteSize,
  castColumn,
  columnFromScalars,
  concat,
  concatBatches,
  constantColumn,
  gather,
  gatherBatch,
  gatherFrom,
  nullColumn,
  selectFields,
  slice,
  sliceBatch,
  valueAt,
} from '../../lib/columnar/kernels';
import type { PrimitiveType, Scalar } from '../../lib/columnar/types';
import { ALL_FIELDS, ALL_TYPES, batchOf, nullableOf, typedValues } from './arbitraries';

const scalars = (c: Column): Scalar[] => Array.from({ length: c.length }, (_, i) => valueAt(c, i));
const code = (n: string) => expect.objectContaining({ code: n });

test('kernels.scalars: what goes in comes out, for every type', () => {
  fc.assert(
    fc.property(typedValues, ([type, values]) => {
      expect(scalars(columnFromScalars(type, values))).toEqual(values);
    }),
  );
});

test('kernels.slice: shares memory and equals the naive slice', () => {
  fc.assert(
    fc.property(typedValues, fc.nat(60), fc.nat(60), ([type, values], a, b) => {
      const from = Math.min(a, b, values.length);
      const to = Math.min(Math.max(a, b), values.length);
      const whole = columnFromScalars(type, values);
      const part = slice(whole, from, to);
      expect(scalars(part)).toEqual(values.slice(from, to));
      if (part.kind === 'var' && whole.kind === 'var') expect(part.data).toBe(whole.data);
    }),
  );
});

test('kernels.gather: equals the naive pick, from a slice too', () => {
  fc.assert(
    fc.property(typedValues, fc.array(fc.nat()), ([type, values], picks) => {
      if (values.length < 2) return;
      const rows = picks.map(p => p % (values.length - 1));
      const column = slice(columnFromScalars(type, values), 1, values.length);
      expect(scalars(gather(column, Uint32Array.from(rows)))).toEqual(rows.map(r => values[r + 1]));
    }),
  );
});

const sourcesAndPicks = fc.constantFrom(...ALL_TYPES).chain(type =>
  fc.tuple(
    fc.constant(type),
    fc.array(fc.array(nullableOf(type), { minLength: 1, maxLength: 200 }), { minLength: 1, maxLength: 3 }),
    // Stretches: a source, a start and a length, as a merge makes them.
    fc.array(fc.tuple(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 80 })), { maxLength: 12 }),
  ),
);

test('kernels.gatherFrom: equals the naive interleave, long stretches and short', () => {
  fc.assert(
    fc.property(sourcesAndPicks, ([type, sources, stretches]) => {
      const picks = stretches.flatMap(([s, start, n]) => {
        const source = s % sources.length;
        const values = sources[source]!;
        return Array.from({ length: n }, (_, i) => [source, (start + i) % values.length] as const);
      });
      const columns = sources.map(v => columnFromScalars(type, v));
      const source = Uint16Array.from(picks, p => p[0]);
      const row = Uint32Array.from(picks, p => p[1]);
      expect(scalars(gatherFrom(columns, source, row))).toEqual(picks.map(([s, r]) => sources[s]![r]));
    }),
  );
});

test('kernels.gatherFrom: the bits of a NaN are kept', () => {
  const bits = new Uint32Array([0x7fc00001, 0xffc12345]);
  const values = new Float32Array(bits.buffer);
  const column: Column = { kind: 'fixed', type: 'float', length: 2, values };
  const picked = gather(column, Uint32Array.of(1, 0)) as typeof column & { values: Float32Array };
  expect([...new Uint32Array(picked.values.buffer)]).toEqual([0xffc12345, 0x7fc00001]);
});

test('kernels.concat: equals the naive concatenation of slices', () => {
  const parts = fc
    .constantFrom(...ALL_TYPES)
    .chain(type =>
      fc.tuple(
        fc.constant(type),
        fc.array(fc.array(nullableOf(type), { maxLength: 20 }), { minLength: 1, maxLength: 4 }),
      ),
    );
  fc.assert(
    fc.property(parts, ([type, lists]) => {
      const columns = lists.map(v => slice(columnFromScalars(type, v), Math.min(1, v.length), v.length));
      expect(scalars(concat(columns))).toEqual(lists.flatMap(v => v.slice(1)));
    }),
  );
});

test('kernels.concat: other types are refused', () => {
  expect(() => concat([nullColumn('int', 1), nullColumn('long', 1)])).toThrow(code('TM_4101'));
  expect(() => concat([])).toThrow(code('TM_4101'));
});

test('kernels.constant: one value many times, and NULL', () => {
  expect(scalars(constantColumn('string', 'año', 3))).toEqual(['año', 'año', 'año']);
  for (const type of ALL_TYPES) expect(scalars(constantColumn(type, null, 2))).toEqual([null, null]);
});

test.each<[PrimitiveType, PrimitiveType, Scalar[], Scalar[]]>([
  ['int', 'long', [-(2 ** 31), -1, 0, 2 ** 31 - 1, null], [-(2n ** 31n), -1n, 0n, 2n ** 31n - 1n, null]],
  ['float', 'double', [0.5, -0, Number.NaN, null], [0.5, -0, Number.NaN, null]],
  ['decimal(9,2)', 'decimal(38,2)', [-123n, null], [-123n, null]],
])('kernels.cast: %s to %s keeps every value', (from, to, before, after) => {
  const cast = castColumn(columnFromScalars(from, before), to);
  expect(cast.type).toBe(to);
  expect(scalars(cast)).toEqual(after);
});

test.each<[PrimitiveType, PrimitiveType]>([
  ['long', 'int'],
  ['int', 'decimal(10,0)'],
  ['int', 'double'],
  ['decimal(9,2)', 'decimal(9,3)'],
  ['decimal(9,2)', 'decimal(8,2)'],
  ['string', 'binary'],
  ['date', 'timestamp'],
])('kernels.cast: %s to %s is refused', (from, to) => {
  expect(() => castColumn(nullColumn(from, 1), to)).toThrow(code('TM_4102'));
});

test('kernels.byteSize: a slice counts its own part', () => {
  const column = columnFromScalars('string', ['aaaa', 'bb', null]);
  expect(byteSize(column)).toBe(6 + 16 + 3);
  expect(byteSize(slice(column, 1, 2))).toBe(2 + 8 + 1);
});

test('kernels.batch: gather, slice and concat act on every column', () => {
  const rows = fc.sample(fc.tuple(...ALL_TYPES.map(nullableOf)), { numRuns: 6, seed: 3 });
  const batch = batchOf(ALL_FIELDS, rows);
  const all = (b: typeof batch) =>
    Array.from({ length: b.length }, (_, i) => b.columns.map(c => valueAt(c, i)));
  expect(all(gatherBatch(batch, Uint32Array.of(5, 0)))).toEqual([rows[5], rows[0]]);
  expect(all(sliceBatch(batch, 2, 4))).toEqual(rows.slice(2, 4));
  expect(all(concatBatches([sliceBatch(batch, 4, 6), sliceBatch(batch, 0, 1)]))).toEqual([
    rows[4],
    rows[5],
    rows[0],
  ]);
  expect(() => concatBatches([batch, { ...batch, fields: batch.fields.slice(1) }])).toThrow(code('TM_4101'));
});

test('kernels.selectFields: by id, missing is NULL, narrower is widened, a new name is no matter', () => {
  const batch = batchOf([{ id: 7, name: 'old', type: 'int', required: false }], [[1], [null]]);
  const selected = selectFields(batch, [
    { id: 8, name: 'old', type: 'string', required: false },
    { id: 7, name: 'new', type: 'long', required: false },
  ]);
  expect(selected.columns.map(scalars)).toEqual([
    [null, null],
    [1n, null],
  ]);
  expect(() => selectFields(batch, [{ id: 7, name: 'old', type: 'string', required: false }])).toThrow(
    code('TM_4102'),
  );
});

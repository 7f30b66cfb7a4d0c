import fc from 'fast-check';
import type { Field, Scalar } from '../../lib/columnar/types';
import { compareValues } from '../../lib/iceberg/single-value';
import { footerOfFile } from '../../lib/parquet/footer';
import { fileMetrics, rowGroupBounds } from '../../lib/parquet/metrics';
import { ALL_FIELDS, ALL_TYPES, batchOf, nullableOf } from '../columnar/arbitraries';
import { fileOf } from './files';

type Value = Exclude<Scalar, null>;
const field = (type: Field['type']): Field => ({ id: 1, name: 'c', type, required: false });

test('metrics.bounds: hold every value and are the least and greatest, for every type', () => {
  const column = fc
    .constantFrom(...ALL_TYPES)
    .chain(type => fc.tuple(fc.constant(type), fc.array(nullableOf(type), { minLength: 1, maxLength: 30 })));
  fc.assert(
    fc.property(column, ([type, values]) => {
      const footer = footerOfFile(
        fileOf([
          batchOf(
            [field(type)],
            values.map(v => [v]),
          ),
        ]),
      );
      const bounds = rowGroupBounds(footer, 0, field(type));
      const present = values.filter((v): v is Value => v !== null && !Number.isNaN(v));
      if (values.every(v => v === null)) {
        expect(bounds).toEqual({ min: null, max: null, nulls: values.length });
        return;
      }
      if (!bounds) {
        expect(present).toEqual([]);
        return;
      }
      expect(bounds.nulls).toBe(values.filter(v => v === null).length);
      present.sort((a, b) => compareValues(type, a, b));
      const least = present[0]!;
      const greatest = present.at(-1)!;
      if (least === 0 || greatest === 0) return;
      expect([bounds.min, bounds.max]).toEqual([least, greatest]);
    }),
    { numRuns: 150 },
  );
});

test('metrics.bounds: a zero is taken as the zero further out, NaN is no bound', () => {
  const bounds = (values: number[]) => {
    const footer = footerOfFile(
      fileOf([
        batchOf(
          [field('double')],
          values.map(v => [v]),
        ),
      ]),
    );
    return rowGroupBounds(footer, 0, field('double'));
  };
  expect(bounds([0, 5])).toEqual({ min: -0, max: 5, nulls: 0 });
  expect(bounds([-3, -0])).toEqual({ min: -3, max: 0, nulls: 0 });
  expect(bounds([Number.NaN, 1, 2])).toEqual({ min: 1, max: 2, nulls: 0 });
  expect(bounds([Number.NaN])).toBeUndefined();
});

test('metrics.bounds: long strings are cut to 64 bytes and stay bounds', () => {
  const values = ['b'.repeat(500), `a${'é'.repeat(300)}`, `c${'\u{10ffff}'.repeat(100)}`];
  const footer = footerOfFile(
    fileOf([
      batchOf(
        [field('string')],
        values.map(v => [v]),
      ),
    ]),
  );
  const bounds = rowGroupBounds(footer, 0, field('string'));
  expect(Buffer.byteLength(bounds!.min as string)).toBeLessThanOrEqual(64);
  for (const v of values) {
    expect(compareValues('string', bounds!.min as Value, v)).toBeLessThanOrEqual(0);
    expect(compareValues('string', bounds!.max as Value, v)).toBeGreaterThanOrEqual(0);
  }
});

test('metrics.bounds: widened types, missing fields, other types', () => {
  const footer = footerOfFile(fileOf([batchOf([field('int')], [[-5], [7], [null]])]));
  expect(rowGroupBounds(footer, 0, field('long'))).toEqual({ min: -5n, max: 7n, nulls: 1 });
  expect(rowGroupBounds(footer, 0, { ...field('string'), id: 2 })).toEqual({
    min: null,
    max: null,
    nulls: 3,
  });
  expect(rowGroupBounds(footer, 0, field('string'))).toBeUndefined();
  expect(rowGroupBounds(footer, 0, field('date'))).toBeUndefined();
});

test('metrics.file: sums over row groups, bounds over all, none where unknown', () => {
  const fields: Field[] = [
    { id: 3, name: 'n', type: 'int', required: false },
    { id: 4, name: 's', type: 'string', required: false },
    { id: 5, name: 'x', type: 'double', required: false },
    { id: 6, name: 'never', type: 'date', required: false },
  ];
  const a = batchOf(fields, [
    [5, 'a'.repeat(20), 1, null],
    [null, 'b', Number.NaN, null],
  ]);
  const b = batchOf(fields, [[-1, 'z'.repeat(20), Number.NaN, null]]);
  const file = fileOf([a, b]);
  const footer = footerOfFile(file);
  const metrics = fileMetrics(footer, [...fields, { id: 99, name: 'missing', type: 'int', required: false }]);
  expect(metrics.splitOffsets).toEqual([4, footer.rowGroups[1]!.start]);
  expect([...metrics.valueCounts]).toEqual([
    [3, 3],
    [4, 3],
    [5, 3],
    [6, 3],
  ]);
  expect([...metrics.nullCounts]).toEqual([
    [3, 1],
    [4, 0],
    [5, 0],
    [6, 3],
  ]);
  const total = [...metrics.columnSizes.values()].reduce((sum, n) => sum + n, 0);
  expect(total).toBe(footer.rowGroups[1]!.end - 4);
  expect(Buffer.from(metrics.lower.get(3)!).readInt32LE()).toBe(-1);
  expect(Buffer.from(metrics.upper.get(3)!).readInt32LE()).toBe(5);
  expect(Buffer.from(metrics.lower.get(4)!).toString()).toBe('a'.repeat(16));
  expect(Buffer.from(metrics.upper.get(4)!).toString()).toBe(`${'z'.repeat(15)}{`);
  // The second row group's x is NaN alone: nothing is known of it.
  expect([metrics.lower.has(5), metrics.upper.has(5), metrics.lower.has(6)]).toEqual([false, false, false]);
});

test('metrics.file: statistics of every type reach Iceberg', () => {
  const rows = fc.sample(fc.tuple(...ALL_FIELDS.map(f => nullableOf(f.type))), { numRuns: 30, seed: 2 });
  const metrics = fileMetrics(footerOfFile(fileOf([batchOf(ALL_FIELDS, rows)])), ALL_FIELDS);
  expect([...metrics.lower.keys()]).toEqual(ALL_FIELDS.map(f => f.id));
});

import fc from 'fast-check';
import type { Field } from '../../../lib/columnar/types';
import {
  comparisons,
  type KeyGroup,
  keyRange,
  meeting,
  type Ranged,
} from '../../../lib/stages/load/key-ranges';

const FIELD: Field = { id: 1, name: 'id', type: 'int', required: false };
const span = fc.tuple(fc.integer({ min: -9, max: 9 }), fc.nat(6)).map(([min, n]) => ({ min, max: min + n }));
type Span = { readonly min: number; readonly max: number } | undefined;
const spans: fc.Arbitrary<Span> = fc.option(span, { nil: undefined, freq: 9 });
const meet = (a: Span, b: Span) => !a || !b || (a.min <= b.max && b.min <= a.max);

test('keyRange.order: hex stands as the values do', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), (a, b) => {
      const [x, y] = [a, b].map(v => keyRange(FIELD, { min: v, max: v })!.min);
      expect(x! < y!).toBe(a < b);
    }),
  );
  expect(keyRange(FIELD, undefined)).toBeNull();
});

test('keyRanges.meeting: parts of two groups whose ranges meet, and groups that repeat', () => {
  const part = fc.record({ group: fc.nat(4), span: spans });
  fc.assert(
    fc.property(fc.array(part, { maxLength: 14 }), fc.nat(20), (given, repeating) => {
      const parts: Ranged[] = given.map(({ group, span }) => ({
        group,
        keys: keyRange(FIELD, span),
        repeats: group === repeating,
      }));
      const expected = given.flatMap(({ group, span }, i) =>
        group === repeating || given.some(other => other.group !== group && meet(other.span, span))
          ? [i]
          : [],
      );
      expect(meeting(parts)).toEqual(expected);
    }),
    { numRuns: 2000 },
  );
});

test('keyRanges.comparisons: each key is in one, with all that may have it; nothing is read many times over', () => {
  const group = fc.record({ span: spans, bytes: fc.integer({ min: 1, max: 20 }) });
  fc.assert(
    fc.property(fc.array(group, { maxLength: 30 }), fc.nat(100), (given, bytesMax) => {
      const groups: KeyGroup[] = given.map(({ span, bytes }, i) => ({
        part: i % 3,
        rowGroup: i,
        firstRow: i,
        bytes,
        range: keyRange(FIELD, span),
        least: span?.min,
      }));
      const found = comparisons(groups, bytesMax);
      expect(found.map(c => c.from).slice(1)).toEqual(found.map(c => c.to).slice(0, -1));
      if (given.length > 0) expect([found[0]!.from, found.at(-1)!.to]).toEqual([undefined, undefined]);
      for (const { from, to, groups: own } of found) {
        const within = { min: (from as number) ?? -99, max: to === undefined ? 99 : (to as number) - 1 };
        expect(within.min).toBeLessThanOrEqual(within.max);
        const needed = groups.filter((_, i) => meet(given[i]!.span, within));
        expect(own).toEqual(expect.arrayContaining(needed));
        expect(own).toEqual(own.toSorted((a, b) => a.part - b.part || a.rowGroup - b.rowGroup));
      }
      const sum = (some: readonly KeyGroup[]) => some.reduce((total, { bytes }) => total + bytes, 0);
      expect(sum(found.flatMap(c => c.groups))).toBeLessThanOrEqual(2 * sum(groups));
    }),
    { numRuns: 2000 },
  );
  const apart = Array.from({ length: 10 }, (_, i) => ({ min: 3 * i, max: 3 * i + 1 }));
  const groups = apart.map((span, part) => ({
    part,
    rowGroup: 0,
    firstRow: 0,
    bytes: 10,
    range: keyRange(FIELD, span),
    least: span.min,
  }));
  expect(comparisons(groups, 25).map(c => c.groups.length)).toEqual([2, 2, 2, 2, 2]);
});

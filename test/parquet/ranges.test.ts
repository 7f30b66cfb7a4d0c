import fc from 'fast-check';
import { cutReads, planReads } from '../../lib/parquet/ranges';

const range = fc
  .tuple(fc.nat(200), fc.integer({ min: 1, max: 30 }))
  .map(([start, n]) => ({ start, end: start + n }));

test('ranges.plan: every range is cut out of few reads, which stand further apart than the gap', () => {
  const file = Uint8Array.from({ length: 240 }, (_, i) => i);
  fc.assert(
    fc.property(fc.array(range, { maxLength: 12 }), fc.nat(20), (ranges, gap) => {
      const reads = planReads(ranges, gap);
      const cut = cutReads(
        ranges,
        reads,
        reads.map(r => file.subarray(r.start, r.end)),
      );
      expect(cut).toEqual(ranges.map(r => file.subarray(r.start, r.end)));
      for (let i = 1; i < reads.length; i++) expect(reads[i]!.start - reads[i - 1]!.end).toBeGreaterThan(gap);
    }),
  );
});

test('ranges.cut: what was not read is an error', () => {
  expect(() => cutReads([{ start: 5, end: 9 }], [{ start: 0, end: 8 }], [new Uint8Array(8)])).toThrow(
    expect.objectContaining({ code: 'TM_4201' }),
  );
});

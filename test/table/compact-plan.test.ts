import fc from 'fast-check';
import type { Field } from '../../lib/columnar/types';
import { noMetrics } from '../../lib/iceberg/data-file';
import { encodeValue } from '../../lib/iceberg/single-value';
import { type CompactRule, FILES_JOINED_MAX, planCompaction } from '../../lib/table/compact-plan';
import type { LiveFile } from '../../lib/table/live-files';

const ID: Field = { id: 1, name: 'id', type: 'long', required: true };
const SMALL = 100;

interface Drawn {
  readonly from: number;
  readonly span: number;
  readonly size: number;
  readonly partition: number;
}

function live({ from, span, size, partition }: Drawn, i: number): LiveFile {
  const metrics = {
    ...noMetrics(),
    lower: new Map([[1, encodeValue('long', BigInt(from))]]),
    upper: new Map([[1, encodeValue('long', BigInt(from + span))]]),
  };
  return {
    sequenceNumber: 1,
    file: {
      content: 0,
      path: `f${i}`,
      format: 'PARQUET',
      specId: 0,
      partition: [partition],
      recordCount: 1,
      size,
      metrics,
      keyMetadata: null,
      equalityIds: null,
      sortOrderId: null,
      referencedDataFile: null,
    },
  };
}

const drawn = fc.record({
  from: fc.integer({ min: 0, max: 60 }),
  span: fc.integer({ min: 0, max: 20 }),
  size: fc.oneof(fc.integer({ min: 1, max: SMALL - 1 }), fc.integer({ min: SMALL, max: 500 })),
  partition: fc.constantFrom(0, 1),
});

const rule = (over: Partial<CompactRule> = {}): CompactRule => ({
  isSmall: ({ file }) => file.size < SMALL,
  isWorn: () => false,
  smallFilesMin: 3,
  bytesMax: 2000,
  ...over,
});

const bounds = ({ file }: LiveFile) => {
  const value = (bytes: Uint8Array | undefined) => Number(Buffer.from(bytes!).readBigInt64LE());
  return [value(file.metrics.lower.get(1)), value(file.metrics.upper.get(1))] as const;
};

test('plan.overlap: what is chosen reaches into no other file of its partition, within the bytes', () => {
  fc.assert(
    fc.property(fc.array(drawn, { maxLength: 24 }), given => {
      const files = given.map(live);
      const chosen = planCompaction(files, ID, rule());
      const enough = [0, 1].some(p => given.filter(d => d.partition === p && d.size < SMALL).length >= 3);
      expect(chosen.length > 0).toBe(enough);
      if (!enough) return;
      expect(new Set(chosen.map(c => c.file.partition[0])).size).toBe(1);
      const small = chosen.filter(c => c.file.size < SMALL);
      expect(small.length).toBeGreaterThanOrEqual(2);
      const bytes = chosen.reduce((sum, c) => sum + c.file.size, 0);
      if (chosen.length > FILES_JOINED_MAX) expect(bytes).toBeLessThanOrEqual(2000);
      const from = Math.min(...chosen.map(c => bounds(c)[0]));
      const to = Math.max(...chosen.map(c => bounds(c)[1]));
      const others = files.filter(
        f => !chosen.includes(f) && f.file.partition[0] === chosen[0]!.file.partition[0],
      );
      const reaching = others.filter(f => bounds(f)[0] < to && bounds(f)[1] > from);
      if (bytes + others.reduce((sum, f) => sum + f.file.size, 0) <= 2000) expect(reaching).toEqual([]);
    }),
  );
});

test('plan.worn: a file with many deleted rows goes first, alone', () => {
  const files = [0, 1, 2, 3].map(i => live({ from: i * 10, span: 5, size: 10, partition: 0 }, i));
  expect(planCompaction(files, ID, rule({ isWorn: f => f === files[2] }))).toEqual([files[2]]);
});

test('plan.least: the neighbours that are least to write', () => {
  const sizes = [90, 90, ...Array<number>(FILES_JOINED_MAX).fill(1), 90];
  const files = sizes.map((size, i) => live({ from: i * 10, span: 5, size, partition: 0 }, i));
  expect(planCompaction(files, ID, rule())).toEqual(files.slice(2, 2 + FILES_JOINED_MAX));
});

test('plan.unbounded: files that state no bounds stay as they are', () => {
  const files = [0, 1, 2, 3].map(i => live({ from: i, span: 0, size: 10, partition: 0 }, i));
  const bare = files.map(f => ({ ...f, file: { ...f.file, metrics: noMetrics() } }));
  expect(planCompaction(bare, ID, rule())).toEqual([]);
});

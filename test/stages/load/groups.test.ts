import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { memoryStore } from '../../../lib/adapters/memory/object-store';
import { planGroups } from '../../../lib/stages/load/groups';
import type { CopyFile } from '../../../lib/stages/load/source/copy';
import { fingerprintOf } from '../../../lib/stages/load/source/fingerprint';
import { putOrders } from '../../support/copies';

const named = (key: string, bytes: number, etag = 'e'): CopyFile => ({
  key,
  uri: `mem://${key}`,
  bytes,
  etag,
});

const anyFiles = fc
  .uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }), { maxLength: 40 })
  .chain(keys =>
    fc.tuple(
      ...keys.map(key =>
        fc.record({
          key: fc.constant(key),
          uri: fc.constant(`mem://${key}`),
          bytes: fc.nat(100),
          etag: fc.string(),
        }),
      ),
    ),
  );

/** By the bytes of their UTF-8, which is not the order of JavaScript's `<`. */
const sorted = (files: readonly CopyFile[]) =>
  [...files].sort((a, b) => Buffer.compare(Buffer.from(a.uri), Buffer.from(b.uri)));

test('groups.cover: all files once, in order; each group but the last reaches the target, and none without its last file', () => {
  fc.assert(
    fc.property(anyFiles, fc.integer({ min: 1, max: 150 }), (files, target) => {
      const groups = planGroups(files, target);
      expect(groups.flatMap(g => g.files)).toEqual(sorted(files));
      groups.forEach(({ files: own, bytes, number, id }, i) => {
        const sum = own.reduce((total, f) => total + f.bytes, 0);
        expect(own.length).toBeGreaterThan(0);
        expect([bytes, number]).toEqual([sum, i + 1]);
        if (i < groups.length - 1) expect(sum).toBeGreaterThanOrEqual(target);
        expect(sum - own.at(-1)!.bytes).toBeLessThan(target);
        expect(id.endsWith(fingerprintOf(own))).toBe(true);
      });
      const ids = groups.map(g => g.id);
      expect([...ids].sort()).toEqual(ids);
    }),
  );
});

test('groups.order: the order in which files are found changes nothing', () => {
  const shuffled = anyFiles.chain(files =>
    fc.tuple(fc.constant(files), fc.shuffledSubarray(files, { minLength: files.length })),
  );
  fc.assert(
    fc.property(shuffled, fc.integer({ min: 1, max: 150 }), ([files, other], target) => {
      expect(planGroups(other, target)).toEqual(planGroups(files, target));
    }),
  );
});

test('groups.default: 100 MB, the decimal ones', () => {
  const files = [named('a', 99_999_999), named('b', 1), named('c', 100_000_000), named('d', 5)];
  expect(planGroups(files).map(g => g.files.map(f => f.key))).toEqual([['a', 'b'], ['c'], ['d']]);
});

test('groups.none: an empty table has none', () => {
  expect(planGroups([])).toEqual([]);
});

test('fingerprint.form: MD5 over each uri then its etag, by uri', () => {
  const files = [
    { uri: 'mem://a/2.parquet', etag: 'e2' },
    { uri: 'mem://a/1.parquet', etag: 'e1' },
  ];
  // printf 'mem://a/1.parquete1mem://a/2.parquete2' | md5sum
  expect(fingerprintOf(files)).toBe('bdb4a3b411e120a3bef0ee97ecbdb39b');
  expect(fingerprintOf([])).toBe('d41d8cd98f00b204e9800998ecf8427e');
  fc.assert(
    fc.property(anyFiles, some => {
      const text = sorted(some).map(f => f.uri + f.etag);
      expect(fingerprintOf(some)).toBe(createHash('md5').update(text.join('')).digest('hex'));
    }),
  );
});

test('groups.s4: twenty equal files at a tenth of their size and one byte: two fall short of it, three reach it', () => {
  const files = Array.from({ length: 20 }, (_, i) => named(`part-${String(i).padStart(2, '0')}`, 100));
  const groups = planGroups(files, 2000 / 10 + 1);
  expect(groups.map(g => g.files.length)).toEqual([3, 3, 3, 3, 3, 3, 2]);
});

test('groups.s4.orders: the files of the fixture, whose sizes differ by what zstd made of them', async () => {
  const { files, bytes } = await putOrders(memoryStore());
  const target = Math.floor(bytes / 10) + 1;
  const closedAfter: number[] = [];
  let sum = 0;
  files.forEach((file, i) => {
    sum += file.bytes;
    if (sum < target && i < files.length - 1) return;
    closedAfter.push(i + 1);
    sum = 0;
  });
  const groups = planGroups(files, target);
  let taken = 0;
  expect(groups.map(g => (taken += g.files.length))).toEqual(closedAfter);
  expect(groups.flatMap(g => g.files)).toEqual(files);
});

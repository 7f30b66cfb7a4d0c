import fc from 'fast-check';
import type { ManifestFile } from '../../lib/iceberg/manifest-list';
import { MANIFEST_BYTES, MANIFESTS_MAX, manifestsToJoin } from '../../lib/table/manifests';

const HEAD_BYTES = 5000;

function manifest(files: number, bytesOfFile: number): ManifestFile {
  return {
    path: '',
    length: HEAD_BYTES + files * bytesOfFile,
    specId: 0,
    content: 'data',
    sequenceNumber: 1,
    minSequenceNumber: 1,
    addedSnapshotId: 1n,
    addedFiles: files,
    existingFiles: 0,
    deletedFiles: 0,
    addedRows: files,
    existingRows: 0,
    deletedRows: 0,
    partitions: null,
    keyMetadata: null,
  };
}

const filesIn = (manifests: readonly ManifestFile[]) => manifests.reduce((sum, m) => sum + m.addedFiles, 0);

/** What so many commits of some files each make of a table's manifests, and how many lines they write in all. */
function committed(commits: number, files: (n: number) => number, bytesOfFile: number) {
  let standing: ManifestFile[] = [];
  let lines = 0;
  for (let n = 0; n < commits; n++) {
    const sets = manifestsToJoin(standing);
    for (const set of sets) {
      expect(set.some(m => m.length >= MANIFEST_BYTES / 2)).toBe(false);
      const joined = manifest(filesIn(set), bytesOfFile);
      expect(joined.length).toBeLessThanOrEqual(MANIFEST_BYTES);
      standing = [...standing.filter(m => !set.includes(m)), joined];
      lines += joined.addedFiles;
    }
    standing.push(manifest(files(n), bytesOfFile));
    lines += files(n);
    const small = standing.filter(m => m.length < MANIFEST_BYTES / 2);
    expect(small.length).toBeLessThanOrEqual(MANIFESTS_MAX);
  }
  return { standing, lines };
}

test('manifests.year: a file a commit costs a few lines each, and full manifests are few', () => {
  const commits = 50_000;
  const { standing, lines } = committed(commits, () => 1, 600);
  expect(filesIn(standing)).toBe(commits);
  expect(lines / commits).toBeLessThan(6);
  expect(standing.length).toBeLessThan(MANIFESTS_MAX + (2 * commits * 600) / MANIFEST_BYTES + 1);
});

test('manifests.bounded: whatever commits add, small ones are few, none grows past its size, full ones stay', () => {
  const counts = fc.array(fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 5000 })), {
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(
    fc.property(counts, fc.integer({ min: 100, max: 2000 }), (files, bytes) => {
      const of = (n: number) => files[n % files.length]!;
      const { standing } = committed(1000, of, bytes);
      expect(filesIn(standing)).toBe([...Array(1000).keys()].reduce((sum, n) => sum + of(n), 0));
    }),
    { numRuns: 30 },
  );
});

test('manifests.kinds: deletes and other specs are joined among themselves', () => {
  const many = Array.from({ length: 60 }, () => manifest(1, 100));
  const standing = many.flatMap(m => [m, { ...m, content: 'deletes' as const }, { ...m, specId: 1 }]);
  const sets = manifestsToJoin(standing);
  expect(sets.map(set => [set.length, new Set(set.map(m => `${m.content} ${m.specId}`)).size])).toEqual([
    [60, 1],
    [60, 1],
    [60, 1],
  ]);
});

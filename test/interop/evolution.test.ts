import { foreignReaders } from './readers';
import { expectAgreement, expectFiltered, type Row, toldLakes } from './told-lake';

const readers = foreignReaders();
const lakes = toldLakes();
const ids = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => BigInt(from + i));

test('evolution.addedColumn', async () => {
  const lake = lakes({ columns: { name: 'text' }, partitionBy: ['truncate(10, id)'] });
  await lake.put(ids(0, 40).map(id => ({ id, name: `n${id}` })));
  lake.declare({ city: 'text', score: 'int' });
  // Only the files of 20 to 29 are written anew: the others have no such columns.
  await lake.put(ids(20, 30).map(id => ({ id, name: `m${id}`, city: `c${id}`, score: Number(id) })));
  expect(await expectAgreement(readers, lake)).toBe(40);
  await expectFiltered(readers, lake, 'city is null', r => r.city === undefined);
  await expectFiltered(readers, lake, "city = 'c21'", r => r.city === 'c21');
  await expectFiltered(readers, lake, 'score >= 25', r => Number(r.score ?? -1) >= 25);
});

test('evolution.widenedColumn', async () => {
  const lake = lakes({
    columns: { n: 'int', f: 'float', d: 'decimal(9,2)' },
    partitionBy: ['truncate(10, id)'],
  });
  const row = (id: bigint): Row => ({ id, n: Number(id) - 20, f: Math.fround(Number(id) / 3), d: id * 100n });
  await lake.put(ids(0, 40).map(row));
  lake.declare({ n: 'bigint', f: 'double', d: 'decimal(20,2)' });
  const wide = (id: bigint): Row => ({ id, n: 2n ** 40n + id, f: 1 / 3, d: 10n ** 18n + id });
  await lake.put(ids(20, 30).map(wide));
  for (const [id, told] of lake.rows)
    if (typeof told.n === 'number') lake.rows.set(id, { ...told, n: BigInt(told.n) });
  expect(await expectAgreement(readers, lake)).toBe(40);
  // Bounds of files from before are 4 bytes where the column has 8.
  await expectFiltered(readers, lake, 'n = -15', r => r.n === -15n);
  await expectFiltered(readers, lake, 'n > 1099511627776', r => (r.n as bigint) > 2n ** 40n);
  await expectFiltered(readers, lake, 'd = 5.00', r => r.d === 500n);
  const { files } = await expectFiltered(readers, lake, 'n < 0', r => (r.n as bigint) < 0n);
  expect(files).toBe(2);
});

test('evolution.columnMissingFromAFile', async () => {
  const lake = lakes({ columns: { a: 'text', b: 'text' } });
  await lake.put(ids(0, 5).map(id => ({ id, a: 'a', b: 'b' })));
  await lake.put([
    { id: 2n, a: 'changed' },
    { id: 3n, b: null },
  ]);
  expect(lake.rows.get(2n)).toEqual({ id: 2n, a: 'changed', b: 'b' });
  expect(await expectAgreement(readers, lake)).toBe(5);
});

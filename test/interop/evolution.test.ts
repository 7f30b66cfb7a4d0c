import { currentSchema, schemaById } from '../../lib/iceberg/metadata';
import { applySchema } from '../../lib/stages/schema/apply';
import { openTable } from '../../lib/table/open';
import { foreignReaders } from './readers';
import {
  expectAgreement,
  expectFiltered,
  ownRows,
  type Row,
  retained,
  sorted,
  TABLE,
  type ToldLake,
  toldLakes,
} from './told-lake';

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

test('evolution.renamedColumn', async () => {
  const lake = lakes({ columns: { ua: 'text', n: 'int' }, partitionBy: ['truncate(10, id)'] });
  await lake.put(ids(0, 30).map(id => ({ id, ua: `a${id}`, n: Number(id) })));
  lake.redeclare({ user_agent: 'text', n: 'int' }, { user_agent: ['ua'] });
  for (const [id, { ua, ...row }] of lake.rows) lake.rows.set(id, { ...row, user_agent: ua! });
  await lake.put(ids(20, 30).map(id => ({ id, user_agent: `b${id}` })));
  expect(await expectAgreement(readers, lake)).toBe(30);
  await expectFiltered(readers, lake, "user_agent = 'a5'", r => r.user_agent === 'a5');
  await expectFiltered(readers, lake, "user_agent = 'b25'", r => r.user_agent === 'b25');
  await expectOldSnapshot(lake, ['id', 'ua', 'n']);
  await expectLog(lake);
});

test('evolution.retypedColumn', async () => {
  const lake = lakes({ columns: { n: 'text', d: 'text', s: 'text' }, partitionBy: ['truncate(10, id)'] });
  const row = (id: bigint): Row => ({ id, n: String(Number(id) - 20), d: `${id}.5`, s: `s${id}` });
  await lake.put(ids(0, 30).map(row));
  await lake.put(ids(5, 10).map(id => ({ id, s: 'changed' })));
  lake.redeclare({ n: 'int', d: 'decimal(9,2)', s: 'text' });
  const { stopped } = await applySchema(lake.ports, lake.lake, lake.lake.tables[0]!);
  expect(stopped).toBeUndefined();
  for (const [id, told] of lake.rows) lake.rows.set(id, { ...told, n: Number(id) - 20, d: id * 100n + 50n });
  expect(await expectAgreement(readers, lake)).toBe(30);
  await expectFiltered(readers, lake, 'n = -15', r => r.n === -15);
  await expectFiltered(readers, lake, 'd = 7.50', r => r.d === 750n);
  await expectOldSnapshot(lake, ['id', 'n', 'd', 's']);
  await expectLog(lake);
  await lake.put(ids(25, 35).map(id => ({ id, n: 7, d: 800n, s: 'late' })));
  expect(await expectAgreement(readers, lake)).toBe(35);
  await expectFiltered(readers, lake, 'n = 7', r => r.n === 7);
  await expectLog(lake);
});

/** The first snapshot's rows under its own columns: what ours reads by its schema, both readers do. */
async function expectOldSnapshot(lake: ToldLake, columns: readonly string[]): Promise<void> {
  const open = await lake.open();
  const first = retained(open).find(s => Number(s.summary['total-records']) > 0)!;
  const { fields } = schemaById(open.metadata, first['schema-id']!);
  expect(columns.every(name => fields.some(f => f.name === name))).toBe(true);
  const metadata = { ...open.metadata, 'current-schema-id': first['schema-id']! };
  const own = await ownRows(lake, { ...open, metadata }, columns, first);
  expect(own).toHaveLength(30);
  const look = { columns, snapshot: String(first['snapshot-id']) };
  expect(sorted((await readers.pyiceberg(open.pointer.uri, look)).rows)).toEqual(own);
  // DuckDB knows the columns of today alone.
  const duckdb = await readers.duckdb(open.pointer.uri, { ...look, columns: ['id'] });
  expect(duckdb.rows).toHaveLength(30);
}

/** All columns of the log, the texts of retyped ones too. */
async function expectLog(lake: ToldLake): Promise<void> {
  const open = (await openTable(lake.ports, `${TABLE}_deltas`))!;
  const columns = currentSchema(open.metadata).fields.map(f => f.name);
  const own = await ownRows(lake, open, columns);
  expect(own.length).toBeGreaterThan(0);
  expect(sorted((await readers.pyiceberg(open.pointer.uri, { columns })).rows)).toEqual(own);
  expect(sorted((await readers.duckdb(open.pointer.uri, { columns })).rows)).toEqual(own);
}

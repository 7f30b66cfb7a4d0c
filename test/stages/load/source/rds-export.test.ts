import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { localStore } from '../../../../lib/adapters/local/object-store';
import { memoryStore } from '../../../../lib/adapters/memory/object-store';
import type { Field } from '../../../../lib/columnar/types';
import type { ObjectStore } from '../../../../lib/ports/object-store';
import { rdsExportSource } from '../../../../lib/stages/load/source/rds-export';
import { Duck } from '../../../parquet/files';
import { type ExportTable, parquetOf, putExport } from '../../../support/copies';
import { SCRATCH } from '../../../support/scratch';

const folder = mkdtempSync(join(SCRATCH, 'tidemark-exports-'));
let duck: Duck;
beforeAll(async () => {
  duck = await Duck.open();
});
afterAll(() => {
  duck.close();
  rmSync(folder, { recursive: true });
});

const EXPORT = 'exports/shop-1';

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

/** What a SELECT gives, as DuckDB writes Parquet. */
async function duckFile(select: string): Promise<Uint8Array> {
  const path = duck.path('part.parquet');
  await duck.rows(`COPY (${select}) TO '${path}' (FORMAT parquet, COMPRESSION gzip)`);
  return readFile(path);
}

const ID: Field = { id: 1, name: 'id', type: 'long', required: false };
const ids = (...values: bigint[]) =>
  parquetOf(
    [ID],
    values.map(v => [v]),
  );
const table = (target: string, ...parts: Uint8Array[]): ExportTable => ({
  target,
  columns: { id: 'bigint' },
  parts,
});

async function exported(tables: readonly ExportTable[], store: ObjectStore = memoryStore('mem://copies')) {
  await putExport(store, EXPORT, tables);
  return { store, source: rdsExportSource(store, EXPORT) };
}

test.each<[string, () => ObjectStore]>([
  ['memory', () => memoryStore('mem://copies')],
  ['a folder', () => localStore(folder)],
])(
  'export.layout on %s: tables of two and three parts, several part folders, empty tables',
  async (_, open) => {
    const { store, source } = await exported(
      [
        table('shop.orders', ids(1n, 2n), ids(3n)),
        table('shop.orders_old', ids(9n)),
        table('shop.empty'),
        table('postgres.public.users', ids(4n)),
        table('shop.my.table', ids(5n)),
      ],
      open(),
    );
    expect(await source.tables()).toEqual([
      'postgres.public.users',
      'shop.empty',
      'shop.my.table',
      'shop.orders',
      'shop.orders_old',
    ]);
    const orders = await source.copyOf('shop.orders');
    expect(orders.files.map(f => [f.key.replace(/part-.*/, ''), f.rows])).toEqual([
      [`${EXPORT}/shop/shop.orders/1/`, 2],
      [`${EXPORT}/shop/shop.orders/2/`, 1],
    ]);
    expect(orders).toMatchObject({ format: 'parquet', rows: 3, columns: [{ name: 'id', type: 'long' }] });
    for (const { key, uri, etag, bytes } of orders.files) {
      expect(await store.head(key)).toEqual({ key, etag, size: bytes });
      expect(store.keyOf(uri)).toBe(key);
    }
    const empty = await source.copyOf('shop.empty');
    expect(empty).toMatchObject({ files: [], rows: 0, bytes: 0, columns: [{ name: 'id', type: 'long' }] });
    const users = await source.copyOf('postgres.public.users');
    expect(users.files[0]!.key).toMatch(`${EXPORT}/postgres/public.users/1/`);
    expect((await source.copyOf('shop.my.table')).rows).toBe(1);
  },
);

test('export.dotted: a MySQL table whose name has a dot stands below its database', async () => {
  const { store, source } = await exported([table('shop.my.table')]);
  await store.delete(`${EXPORT}/shop/my.table/1/_SUCCESS`);
  await store.put(`${EXPORT}/shop/shop.my.table/1/a.parquet`, ids(1n));
  await store.put(`${EXPORT}/shop/shop.my.table/1/_SUCCESS`, new Uint8Array());
  expect((await source.copyOf('shop.my.table')).rows).toBe(1);
});

test('export.older: files without part folders; characters that keys do not have', async () => {
  const { store, source } = await exported([table('my shop.orders')]);
  await store.delete(`${EXPORT}/my shop/my shop.orders/1/_SUCCESS`);
  const place = `${EXPORT}/my_shop/my_shop.orders`;
  await store.put(`${place}/part-00000-c5a8.gz.parquet`, ids(1n));
  await store.put(`${place}/part-00001-d7a8.gz.parquet`, ids(2n));
  await store.put(`${place}/_SUCCESS`, new Uint8Array());
  expect((await source.copyOf('my shop.orders')).rows).toBe(2);
});

test('export.types: BIGINT UNSIGNED in nine bytes, BIT as bytes, dates as text', async () => {
  const nine = parquetOf(
    [
      { id: 1, name: 'id', type: 'decimal(20,0)', required: false },
      { id: 2, name: 'flag', type: 'binary', required: false },
      { id: 3, name: 'mask', type: 'binary', required: false },
      { id: 4, name: 'born', type: 'string', required: false },
      { id: 5, name: 'seen', type: 'timestamptz', required: false },
    ],
    [[18446744073709551615n, Uint8Array.of(1), Uint8Array.of(1, 2), '2021-02-03', 5n]],
  );
  const path = duck.write('nine.parquet', nine);
  const form = await duck.rows(`SELECT type, type_length FROM parquet_schema('${path}') WHERE name = 'id'`);
  expect(form).toEqual([['FIXED_LEN_BYTE_ARRAY', '9']]);
  const other = await duckFile(
    `SELECT 18446744073709551615::DECIMAL(20,0) AS id, '\\x00'::BLOB AS flag, '\\x01\\x02'::BLOB AS mask, '2021-02-03' AS born,
      TIMESTAMPTZ '2021-01-01 00:00:00Z' AS seen`,
  );
  const columns = { id: 'bigint unsigned', flag: 'bit(1)', mask: 'bit(10)', born: 'date', seen: 'datetime' };
  const { source } = await exported([{ target: 'shop.users', columns, parts: [nine, other] }]);
  const copy = await source.copyOf('shop.users');
  expect(copy.rows).toBe(2);
  expect(copy.columns).toEqual([
    { name: 'id', type: 'decimal(20,0)' },
    { name: 'flag', type: 'boolean', stored: 'bits' },
    { name: 'mask', type: 'long', stored: 'bits' },
    { name: 'born', type: 'date', stored: 'text' },
    { name: 'seen', type: 'timestamp' },
  ]);
});

test('export.columns: one that only the files have is as they have it, one that they lack is an error', async () => {
  const more = parquetOf([ID, { id: 2, name: 'note', type: 'string', required: false }], [[1n, 'x']]);
  const { source } = await exported([
    { target: 'shop.more', columns: { id: 'bigint' }, parts: [more] },
    { target: 'shop.less', columns: { id: 'bigint', note: 'text' }, parts: [ids(1n)] },
  ]);
  expect((await source.copyOf('shop.more')).columns).toEqual([
    { name: 'id', type: 'long' },
    { name: 'note', type: 'string' },
  ]);
  expect(await refusal(source.copyOf('shop.less'))).toMatch(/^\[TM_2716\].*note · shop\.less/);
});

test('export.running: an export that is not complete is no copy, and may be one later', async () => {
  const store = memoryStore();
  const source = rdsExportSource(store, EXPORT);
  expect(await refusal(source.tables())).toMatch(/^\[TM_2701\].*export_info/);
  await putExport(store, EXPORT, [table('shop.orders', ids(1n))], { status: 'IN_PROGRESS', percent: 63 });
  expect(await refusal(source.tables())).toMatch(
    /^\[TM_2702\] the export is still running: IN_PROGRESS, 63 % · mem:\/\/lake\/exports\//,
  );
  expect(await refusal(source.copyOf('shop.orders'))).toMatch(/^\[TM_2702\]/);
  await putExport(store, EXPORT, [], { status: 'FAILED' });
  expect(await refusal(source.tables())).toMatch(/^\[TM_2703\].*FAILED/);
  await putExport(store, EXPORT, [], { status: 'COMPLETE' });
  expect(await source.tables()).toEqual(['shop.orders']);
});

test('export.description: several files of it are one; a missing one is a missing table', async () => {
  const store = memoryStore();
  const tables = Array.from({ length: 5 }, (_, i) => table(`shop.t${i}`, ids(1n)));
  await putExport(store, EXPORT, tables, { tablesInfo: 2 });
  const source = () => rdsExportSource(store, `${EXPORT}/`);
  expect(await source().tables()).toEqual(tables.map(t => t.target));
  await store.delete(`${EXPORT}/export_tables_info_shop-1_from_3_to_4.json`);
  expect(await refusal(source().tables())).toMatch(/^\[TM_2704\].*tables 3 to 4/);
  await store.put(`${EXPORT}/export_tables_info_shop-1_from_3_to_4.json`, Buffer.from('{"perTable'));
  expect(await refusal(source().tables())).toMatch(/^\[TM_2704\].*no JSON object · .*from_3_to_4/);
});

test('export.entries: one of a database, with its warning, is no table', async () => {
  const { store, source } = await exported([table('shop.orders', ids(1n))]);
  await store.put(
    `${EXPORT}/export_tables_info_shop-1_from_2_to_2.json`,
    Buffer.from('{"perTableStatus":[{"target":"shop","warningMessage":"..."}]}'),
  );
  expect(await source.tables()).toEqual(['shop.orders']);
});

test('export.tables: one that failed is named and refused, and one that is not there lists those that are', async () => {
  const { source } = await exported([
    table('shop.orders', ids(1n)),
    { ...table('shop.huge'), status: 'FAILED' },
  ]);
  expect(await source.tables()).toEqual(['shop.huge', 'shop.orders']);
  expect(await refusal(source.copyOf('shop.huge'))).toMatch(/^\[TM_2706\].*FAILED · shop\.huge/);
  expect(await refusal(source.copyOf('shop.order'))).toMatch(
    /^\[TM_2705\].*it has: shop\.huge; shop\.orders/,
  );
  expect((await source.copyOf('shop.orders')).rows).toBe(1);
});

test('export.success: every part folder without its _SUCCESS is named', async () => {
  const { store, source } = await exported([
    table('shop.orders', ids(1n), ids(2n), ids(3n)),
    table('shop.empty'),
  ]);
  const place = `${EXPORT}/shop/shop.orders`;
  await store.delete(`${place}/1/_SUCCESS`);
  await store.delete(`${place}/3/_SUCCESS`);
  const message = await refusal(source.copyOf('shop.orders'));
  expect(message).toMatch(/^\[TM_2707\]/);
  expect(message).toContain(`${store.uri(place)}/1/; ${store.uri(place)}/3/ ·`);
  await store.delete(`${EXPORT}/shop/shop.empty/1/_SUCCESS`);
  expect(await refusal(source.copyOf('shop.empty'))).toMatch(/^\[TM_2707\].*shop\.empty\/ /);
});

test('export.broken: a file that breaks off, and one that is no Parquet', async () => {
  const whole = ids(1n, 2n, 3n);
  const { store, source } = await exported([
    table('shop.orders', whole, whole.slice(0, -20)),
    table('shop.users', whole),
  ]);
  expect(await refusal(source.copyOf('shop.orders'))).toMatch(/^\[TM_2711\] a file .*shop\.orders\/2\//);
  await store.put(`${EXPORT}/shop/shop.users/1/notes.txt`, Buffer.from('x'));
  expect(await refusal(source.copyOf('shop.users'))).toMatch(/^\[TM_2709\].*notes\.txt/);
});

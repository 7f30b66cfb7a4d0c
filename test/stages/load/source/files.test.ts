import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { localStore } from '../../../../lib/adapters/local/object-store';
import { memoryStore } from '../../../../lib/adapters/memory/object-store';
import type { Field } from '../../../../lib/columnar/types';
import type { ObjectStore } from '../../../../lib/ports/object-store';
import type { CopyFormat } from '../../../../lib/stages/load/source/copy';
import { filesSource } from '../../../../lib/stages/load/source/files';
import { fingerprintOf } from '../../../../lib/stages/load/source/fingerprint';
import { Duck } from '../../../parquet/files';
import { parquetOf, putOrders } from '../../../support/copies';
import { SCRATCH } from '../../../support/scratch';

const folder = mkdtempSync(join(SCRATCH, 'tidemark-copies-'));
afterAll(() => rmSync(folder, { recursive: true }));
let stores = 0;

const STORES: [string, () => ObjectStore][] = [
  ['memory', () => memoryStore('mem://copies')],
  ['a folder', () => localStore(join(folder, String(stores++)))],
];

const copyOf = (store: ObjectStore, from: readonly string[], format?: CopyFormat) =>
  filesSource(store, { table: 'orders', from, ...(format ? { format } : {}) }).copyOf('orders');

/** The error's message; fails when there is none. */
async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

const ID: Field = { id: 1, name: 'id', type: 'long', required: false };
const NOTE: Field = { id: 2, name: 'note', type: 'string', required: false };
const one = (...fields: Field[]) =>
  parquetOf(fields, [fields.map(f => (f.type === 'string' ? 'x' : f.type === 'int' ? 1 : 1n))]);

describe.each(STORES)('on %s', (_, open) => {
  test.each<CopyFormat>(['parquet', 'csv', 'json'])('files.%s: a folder is one table', async format => {
    const store = open();
    const orders = await putOrders(store, { format });
    const source = filesSource(store, { table: 'orders', from: ['orders/data'] });
    expect(await source.tables()).toEqual(['orders']);
    const copy = await source.copyOf('orders');
    const counted = format === 'parquet' ? orders.files : orders.files.map(({ rows, ...file }) => file);
    expect(copy.files).toEqual(counted);
    expect(copy).toMatchObject({ format, bytes: orders.bytes, fingerprint: fingerprintOf(orders.files) });
    expect(copy.rows).toBe(format === 'parquet' ? 1000 : undefined);
    expect(copy.columns).toEqual(
      format === 'parquet'
        ? [
            { name: 'order_id', type: 'string' },
            { name: 'order_time', type: 'timestamp' },
            { name: 'amount', type: 'long' },
          ]
        : undefined,
    );
  });

  test('files.named: one by one, in any order, and a file beside its own folder is still one', async () => {
    const store = open();
    const { files } = await putOrders(store);
    const some = [files[7]!, files[2]!];
    const copy = await copyOf(
      store,
      some.map(f => f.key),
    );
    expect(copy.files).toEqual([files[2], files[7]]);
    expect((await copyOf(store, ['orders/data/', files[0]!.key])).files).toEqual(files);
  });

  test('files.siblings: a folder is not a prefix of names, and what engines leave beside data is none', async () => {
    const store = open();
    await store.put('shop.orders/1/a.parquet', one(ID));
    for (const beside of [
      '_SUCCESS',
      '_temporary/0/b.parquet',
      '.hidden',
      '1/.a.parquet.crc',
      '1/_delta_log/0.json',
    ])
      await store.put(`shop.orders/${beside}`, Buffer.from('{}'));
    await store.put('shop.orders_old/a.parquet', one(ID));
    expect((await copyOf(store, ['shop.orders'])).files.map(f => f.key)).toEqual(['shop.orders/1/a.parquet']);
  });

  test('files.changed: another etag is another fingerprint', async () => {
    const store = open();
    await store.put('a/1.json', Buffer.from('{"id":1}\n'));
    const before = await copyOf(store, ['a']);
    await store.put('a/1.json', Buffer.from('{"id":2}\n'));
    const after = await copyOf(store, ['a']);
    expect(after.bytes).toBe(before.bytes);
    expect(after.fingerprint).not.toBe(before.fingerprint);
  });
});

test('files.gzip: packed CSV and JSON lines', async () => {
  const store = memoryStore();
  await store.put('a/1.csv.gz', gzipSync('id\n1\n'));
  await store.put('b/1.ndjson.gz', gzipSync('{"id":1}\n'));
  await store.put('b/2.JSONL', Buffer.from('{"id":2}\n'));
  expect((await copyOf(store, ['a'])).format).toBe('csv');
  expect((await copyOf(store, ['b'])).format).toBe('json');
});

test('files.missing: every path without a file is named; a table of another name is none', async () => {
  const store = memoryStore();
  await store.put('a/1.csv', Buffer.from('id\n'));
  const message = await refusal(copyOf(store, ['a', 'gone', 'lost/x.csv']));
  expect(message).toMatch(/^\[TM_2708\].* gone; lost\/x\.csv/);
  expect(await refusal(copyOf(store, []))).toMatch(/^\[TM_2708\]/);
  const source = filesSource(store, { table: 'orders', from: ['a'] });
  expect(await refusal(source.copyOf('users'))).toMatch(/^\[TM_2705\].*users.*it has: orders/);
});

test('files.formats: several, or none by the name, are refused; a format that is told needs no name', async () => {
  const store = memoryStore();
  await store.put('a/1.csv', Buffer.from('id\n'));
  await store.put('a/2.parquet', one(ID));
  expect(await refusal(copyOf(store, ['a']))).toMatch(/^\[TM_2710\].*1 csv .*1 parquet/);
  await store.put('b/README', Buffer.from('hi'));
  await store.put('b/1.csv', Buffer.from('id\n'));
  expect(await refusal(copyOf(store, ['b']))).toMatch(/^\[TM_2709\].*b\/README /);
  await store.put('c/part-00000', Buffer.from('id\n1\n'));
  expect(await copyOf(store, ['c'], 'csv')).toMatchObject({ format: 'csv', bytes: 5 });
});

test('files.broken: every file that is empty, cut off or no Parquet is named with its reason; the good ones are not', async () => {
  const store = memoryStore();
  const whole = one(ID);
  await store.put('a/1.parquet', whole);
  await store.put('a/2.parquet', new Uint8Array());
  await store.put('a/3.parquet', whole.slice(0, whole.length - 3));
  await store.put('a/4.parquet', Buffer.from('PAR1'));
  await store.put('a/5.parquet', Buffer.from('not a parquet file at all'));
  const message = await refusal(copyOf(store, ['a']));
  expect(message).toMatch(/^\[TM_2711\] 4 files/);
  for (const n of [2, 3, 4, 5]) expect(message).toContain(`a/${n}.parquet: `);
  expect(message).toContain('a/2.parquet: it has 0 bytes');
  expect(message).not.toContain('a/1.parquet');
  await store.put('c/1.csv', new Uint8Array());
  expect(await refusal(copyOf(store, ['c']))).toMatch(/^\[TM_2711\].*c\/1\.csv: it has 0 bytes/);
});

test('files.nested: a list or a struct is refused with the way out', async () => {
  const duck = await Duck.open();
  const path = duck.path('nested.parquet');
  await duck.rows(`COPY (SELECT 1 AS id, [1, 2] AS tags) TO '${path}' (FORMAT parquet)`);
  const store = memoryStore('mem://copies');
  await store.put('orders/nested.parquet', readFileSync(path));
  duck.close();
  expect(await refusal(copyOf(store, ['orders/']))).toMatch(
    /^\[TM_2711\] .*nested column, column tags · .* without that column, or with it as text/,
  );
});

test('files.broken.start: a file whose beginning is lost ends well, and its footer tells', async () => {
  const store = memoryStore();
  const rows = Array.from({ length: 500 }, (_, i) => [BigInt(i * 7919)]);
  const whole = parquetOf([ID], rows);
  await store.put('a/1.parquet', whole.slice(whole.length - 600));
  expect(await refusal(copyOf(store, ['a']))).toMatch(/^\[TM_2711\].*rows end at byte \d+ of 600/);
});

test('files.broken.store: a failure of the store is no fault of the file', async () => {
  const store = memoryStore();
  await store.put('a/1.parquet', one(ID));
  const failing: ObjectStore = { ...store, get: () => Promise.reject(new Error('the network is down')) };
  expect(await refusal(copyOf(failing, ['a']))).toBe('the network is down');
});

test('files.mixed: each file that differs from the most is named with all its differences', async () => {
  const store = memoryStore();
  for (const n of [1, 2, 3]) await store.put(`a/${n}.parquet`, one(ID, NOTE));
  await store.put('a/4.parquet', one({ ...ID, type: 'string' }, NOTE));
  await store.put('a/0.parquet', one(ID, { ...NOTE, name: 'remark' }));
  const message = await refusal(copyOf(store, ['a']));
  expect(message).toMatch(/^\[TM_2712\]/);
  expect(message).toContain('a/4.parquet: column id is string, not long');
  expect(message).toContain('a/0.parquet: no column note, a column remark of its own');
  expect(message).not.toMatch(/a\/[123]\.parquet/);
});

test('files.widening: another order of columns and narrower types are one table', async () => {
  const store = memoryStore();
  await store.put('a/1.parquet', one({ ...ID, type: 'int' }, NOTE));
  await store.put('a/2.parquet', one({ ...ID, type: 'int' }, NOTE));
  await store.put('a/3.parquet', one({ ...NOTE, id: 1 }, { ...ID, id: 2 }));
  expect(await copyOf(store, ['a'])).toMatchObject({
    rows: 3,
    columns: [
      { name: 'id', type: 'long' },
      { name: 'note', type: 'string' },
    ],
  });
});

test('files.duckdb: types of a foreign writer', async () => {
  const duck = await Duck.open();
  const store = memoryStore();
  try {
    const path = duck.path('all.parquet');
    await duck.rows(
      `COPY (SELECT 1::TINYINT a, 1::UINTEGER b, 1::UBIGINT c, 1.5::DECIMAL(30,2) d, DATE '2021-01-01' e,
        TIMESTAMP '2021-01-01 00:00:00' f, TIMESTAMPTZ '2021-01-01 00:00:00Z' g, uuid() h, TIME '10:00:00' i, '\\x01'::BLOB j,
        true k, 1::FLOAT l) TO '${path}'`,
    );
    const files = await localStore(join(path, '..')).get('all.parquet');
    await store.put('a/all.parquet', files!);
    const { columns } = await copyOf(store, ['a']);
    expect(columns!.map(c => c.type)).toEqual([
      'int',
      'long',
      'decimal(20,0)',
      'decimal(30,2)',
      'date',
      'timestamp',
      'timestamptz',
      'string',
      'string',
      'binary',
      'boolean',
      'float',
    ]);
  } finally {
    duck.close();
  }
});

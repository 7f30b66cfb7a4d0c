import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { columnFromScalars } from '../../lib/columnar/kernels';
import type { PrimitiveType, Scalar } from '../../lib/columnar/types';
import { TidemarkError } from '../../lib/errors';
import { encodeRowGroup } from '../../lib/parquet/wasm';
import { decode, type Reading, shown } from './memory-file';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dms-parquet-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A Parquet file as DuckDB writes it. */
async function written(select: string, options = ''): Promise<Uint8Array> {
  const path = join(folder, 'file.parquet');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet ${options})`);
  connection.closeSync();
  instance.closeSync();
  return new Uint8Array(readFileSync(path));
}

const read = (content: Uint8Array, reading: Reading = {}) =>
  decode('dms-parquet', content, { batchRows: 1000, ...reading });

const change = `SELECT * FROM (VALUES
  ('I', '2021-01-01 00:00:00.000001', '20210101000000000000000000000000001', 1::INT, 'Ann', 9.95::DECIMAL(10,2), NULL::INT),
  ('U', '2021-01-01 00:00:01', '20210101000000000000000000000000002', 3, NULL, -1.00, 2),
  ('D', NULL, NULL, 4, 'Zoë', NULL, NULL))
  t(Op, ts, AR_H_CHANGE_SEQ, id, name, price, BI_id)`;

describe('dms-parquet.changes', () => {
  test('dms-parquet.bookkeeping columns are taken out and read', async () => {
    const found = await read(await written(change), {
      options: { timestampColumn: 'ts' },
      columns: { id: 'long' },
    });
    expect(found.columns).toEqual({ id: 'long', name: 'string', price: 'decimal(10,2)' });
    expect(found.ops).toBe('IUD');
    expect(found.rows).toEqual([
      { id: 1n, name: 'Ann', price: 995n },
      { id: 3n, name: null, price: -100n },
      { id: 4n, name: 'Zoë', price: null },
    ]);
    expect(found.changedAt).toEqual([1_609_459_200_000_001n, 1_609_459_201_000_000n, null]);
    expect(found.sequence[1]).toBe('20210101000000000000000000000000002');
    expect(found.before).toEqual([{ id: null }, { id: 2n }, { id: null }]);
  });

  test("dms-parquet.types are the file's own where the declared one cannot hold them", async () => {
    const select = `SELECT 'I' AS Op, 1::BIGINT AS a, TIMESTAMPTZ '1970-01-01 00:00:01+00' AS b, DATE '1960-01-01' AS c,
      true AS d, 1.5::DOUBLE AS e, 'ff'::BLOB AS f, 18446744073709551615::UBIGINT AS g`;
    const found = await read(await written(select), { columns: { a: 'int', e: 'double' } });
    expect(found.columns).toEqual({
      a: 'long',
      b: 'timestamp',
      c: 'date',
      d: 'boolean',
      e: 'double',
      f: 'binary',
      g: 'decimal(20,0)',
    });
    expect(found.rows[0]).toMatchObject({
      a: 1n,
      b: 1_000_000n,
      c: -3653,
      d: true,
      e: 1.5,
      g: 18_446_744_073_709_551_615n,
    });
  });

  test('dms-parquet.text is read as the declared type, exactly', async () => {
    const select = `SELECT * FROM (VALUES ('I', '2021-02-03', '12.50'), ('I', '0000-00-00', '1'), ('I', NULL, '1.005')) t(Op, day, price)`;
    const found = await read(await written(select), { columns: { day: 'date', price: 'decimal(10,2)' } });
    expect(found.rows).toEqual([{ day: 18_661, price: 1250n }]);
    expect(found.bad.map(shown)).toEqual([
      [2, 'day', 'TM_2103', '"0000-00-00" is not date', '{"Op":"I","day":"0000-00-00","price":"1"}'],
      [
        3,
        'price',
        'TM_2103',
        '"1.005" is not decimal(10,2): more than 2 fraction digits',
        '{"Op":"I","day":null,"price":"1.005"}',
      ],
    ]);
  });

  test('dms-parquet.op that is none is a bad row', async () => {
    const found = await read(
      await written(`SELECT * FROM (VALUES ('I', 1), ('X', 2), (NULL, 3), ('D', 4)) t(Op, id)`),
    );
    expect([found.ops, found.ordinals, found.lines]).toEqual(['ID', [0, 3], [1, 4]]);
    expect(found.bad.map(row => [row.row, row.column, row.code])).toEqual([
      [1, 'Op', 'TM_2104'],
      [2, 'Op', 'TM_2104'],
    ]);
  });

  test('dms-parquet.file without op is a load or refused', async () => {
    const content = await written('SELECT 1 AS id');
    expect((await read(content, { options: { load: true } })).ops).toBe('I');
    await expect(read(content)).rejects.toMatchObject({ code: 'TM_2102' });
  });

  test('dms-parquet.row groups and batches do not show in the rows', async () => {
    const content = await written('SELECT range AS id FROM range(5000)', ', ROW_GROUP_SIZE 2048');
    for (const reading of [{ batchRows: 100 }, { batchBytes: 999 }, { batchRows: 100_000 }]) {
      const found = await read(content, { options: { load: true }, ...reading });
      expect(found.rows.map(row => row.id)).toEqual(Array.from({ length: 5000 }, (_, i) => BigInt(i)));
      expect(found.ordinals.at(-1)).toBe(4999);
    }
  });

  test('dms-parquet.gzip around the file is undone', async () => {
    const found = await read(gzipSync(await written(change)), { name: 'x.parquet.gz', chunkBytes: 1000 });
    expect(found.ops).toBe('IUD');
  });

  test('dms-parquet.field ids of our own files find their columns', async () => {
    const shapes: [string, PrimitiveType, Scalar[]][] = [
      ['Op', 'string', ['I', 'U']],
      ['id', 'long', [1n, 2n]],
    ];
    const batch = {
      length: 2,
      fields: shapes.map(([name, type], i) => ({ id: i + 5, name, type, required: false })),
      columns: shapes.map(([, type, values]) => columnFromScalars(type, values)),
    };
    expect((await read(encodeRowGroup(batch))).rows).toEqual([{ id: 1n }, { id: 2n }]);
  });
});

describe('dms-parquet.bad files', () => {
  test('dms-parquet.file cut anywhere is refused', async () => {
    const content = await written(change);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: content.length - 1 }), async length => {
        await expect(read(content.subarray(0, length))).rejects.toMatchObject({ code: 'TM_2107' });
      }),
      { numRuns: 40 },
    );
    await expect(read(new Uint8Array(0))).rejects.toMatchObject({ code: 'TM_2108' });
  });

  test('dms-parquet.altered bytes never fail in an unknown way', async () => {
    const content = await written(change);
    await fc.assert(
      fc.asyncProperty(fc.nat(content.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const altered = new Uint8Array(content);
        altered[at]! ^= flip;
        const error: unknown = await read(altered, { options: { timestampColumn: 'ts' } }).then(
          () => undefined,
          e => e,
        );
        // A flipped byte in a page may read as another value; objects have checksums for that.
        if (error) expect(error).toBeInstanceOf(TidemarkError);
      }),
      { numRuns: 150 },
    );
  });

  test('dms-parquet.other bytes, nested columns and TIME are refused', async () => {
    await expect(read(Buffer.from('op,id\nI,1\nI,2\nI,3\n'))).rejects.toMatchObject({ code: 'TM_2107' });
    await expect(read(await written(`SELECT 'I' AS Op, [1, 2] AS list`))).rejects.toMatchObject({
      code: 'TM_2107',
    });
    await expect(read(await written(`SELECT 'I' AS Op, TIME '10:00' AS t`))).rejects.toMatchObject({
      code: 'TM_2107',
    });
  });
});

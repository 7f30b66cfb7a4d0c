import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Field } from '../../lib/columnar/types';
import { footerOfFile } from '../../lib/parquet/footer';
import { chunkRanges, columnsFor, decodeRowGroup } from '../../lib/parquet/read';
import { encodeRowGroup } from '../../lib/parquet/wasm';
import { batchOf } from '../columnar/arbitraries';
import { batchRows, Duck, fileOf, rowsOf } from './files';

const code = (n: string) => expect.objectContaining({ code: n });
const field = (id: number, name: string, type: Field['type']): Field => ({ id, name, type, required: false });

const FIELDS = [
  field(1, 'id', 'long'),
  field(2, 'name', 'string'),
  field(3, 'n', 'int'),
  field(4, 'price', 'decimal(9,2)'),
];
const ROWS = Array.from(
  { length: 10 },
  (_, i) => [BigInt(i), i % 3 ? `n${i}` : null, i * 2, BigInt(i * 100)] as const,
);

let duck: Duck;
beforeAll(async () => {
  duck = await Duck.open();
});
afterAll(() => duck.close());

test('read.projection: any fields, in any order, only their bytes', () => {
  const file = fileOf([batchOf(FIELDS, ROWS)]);
  for (const pick of [[3], [2, 0], [1, 3, 0], [0, 1, 2, 3]]) {
    const fields = pick.map(i => FIELDS[i]!);
    expect(rowsOf(file, fields)).toEqual(ROWS.map(r => pick.map(i => r[i])));
  }
  const footer = footerOfFile(file);
  const [range] = chunkRanges(footer, 0, columnsFor(footer, [FIELDS[2]!]));
  const blanked = Buffer.alloc(file.length);
  file.copy(blanked, range!.start, range!.start, range!.end);
  const batch = decodeRowGroup(footer, 0, [FIELDS[2]!], [blanked.subarray(range!.start, range!.end)]);
  expect(batch.length).toBe(10);
});

test('read.evolution: a rename, an added field and wider types', () => {
  const file = fileOf([batchOf(FIELDS, ROWS)]);
  const now = [
    field(9, 'id', 'string'),
    field(3, 'count', 'long'),
    field(1, 'key', 'long'),
    field(4, 'price', 'decimal(20,2)'),
  ];
  expect(rowsOf(file, now)).toEqual(ROWS.map(r => [null, BigInt(r[2]), r[0], r[3]]));
  expect(rowsOf(file, [field(77, 'new', 'date')])).toEqual(ROWS.map(() => [null]));
});

test('read.evolution: another type is refused by name', () => {
  const file = fileOf([batchOf(FIELDS, ROWS)]);
  expect(() => rowsOf(file, [field(1, 'id', 'int')])).toThrow(code('TM_4207'));
});

test('read.foreign: DuckDB without field ids, by name; unsigned, millis, nanos, uint64 and text as bytes', async () => {
  const path = duck.path('foreign.parquet');
  await duck.rows(`COPY (SELECT 7::UTINYINT AS a, 4294967295::UINTEGER AS b, 18446744073709551615::UBIGINT AS c,
    TIMESTAMP_MS '1969-12-31 23:59:59.999' AS d, TIMESTAMP_NS '2020-01-01 00:00:00.000001' AS e,
    TIMESTAMPTZ '2020-01-01 00:00:00+00' AS f, 'text' AS g, 12.345::DECIMAL(18,3) AS h, DATE '0001-01-01' AS i,
    NULL::INTEGER AS j, 'mood'::ENUM('mood') AS k) TO '${path}' (FORMAT parquet)`);
  const file = readFileSync(path);
  const fields = [
    field(1, 'a', 'long'),
    field(2, 'b', 'long'),
    field(3, 'c', 'decimal(20,0)'),
    field(4, 'd', 'timestamp'),
    field(5, 'e', 'timestamp'),
    field(6, 'f', 'timestamp'),
    field(7, 'g', 'binary'),
    field(8, 'h', 'decimal(38,3)'),
    field(9, 'i', 'date'),
    field(10, 'j', 'long'),
    field(11, 'k', 'string'),
  ];
  expect(rowsOf(file, fields)).toEqual([
    [
      7n,
      4294967295n,
      2n ** 64n - 1n,
      -1000n,
      1577836800000001n,
      1577836800000000n,
      Buffer.from('text'),
      12345n,
      -719162,
      null,
      'mood',
    ].map(v => (Buffer.isBuffer(v) ? new Uint8Array(v) : v)),
  ]);
});

test('read.foreign: a nested column is refused by its name', async () => {
  const path = duck.path('nested.parquet');
  await duck.rows(`COPY (SELECT 1 AS a, [1, 2] AS tags) TO '${path}' (FORMAT parquet)`);
  expect(() => footerOfFile(readFileSync(path))).toThrow(
    expect.objectContaining({ code: 'TM_4202', where: 'column tags' }),
  );
});

test('read.damage: a chunk of another size and pages of zeros are coded errors', () => {
  const file = encodeRowGroup(batchOf(FIELDS, ROWS));
  const footer = footerOfFile(file);
  const [{ start, end }] = chunkRanges(footer, 0, [0]) as [{ start: number; end: number }];
  const fields = [FIELDS[0]!];
  expect(() => decodeRowGroup(footer, 0, fields, [file.subarray(start, end - 1)])).toThrow(code('TM_4201'));
  expect(() => decodeRowGroup(footer, 0, fields, [])).toThrow(code('TM_4201'));
  expect(() => decodeRowGroup(footer, 1, fields, [])).toThrow(code('TM_4201'));
  expect(() => decodeRowGroup(footer, 0, fields, [new Uint8Array(end - start)])).toThrow(code('TM_4205'));
  expect(rowsOf(file, fields)).toEqual(ROWS.map(r => [r[0]]));
});

test('read.span: any rows of a row group, over pages, dictionaries and NULLs', () => {
  const rows = Array.from({ length: 30_000 }, (_, i) => [
    BigInt(i),
    i % 7 === 0 ? null : `${i % 3 === 0 ? 'again and again' : randomUUID()}`,
    i % 2 ? null : i,
    BigInt(i * 3),
  ]);
  for (const dictionary of [true, false]) {
    const file = encodeRowGroup(batchOf(FIELDS, rows), { dictionary });
    const footer = footerOfFile(file);
    const chunks = chunkRanges(footer, 0, columnsFor(footer, FIELDS)).map(r => file.subarray(r.start, r.end));
    const extra = [...FIELDS, field(9, 'new', 'date')];
    for (const [from, to] of [
      [0, 1],
      [0, 30_000],
      [1, 29_999],
      [12_345, 20_480],
      [29_999, 30_000],
    ] as const) {
      const batch = decodeRowGroup(footer, 0, extra, chunks, { from, to });
      expect(batch.length).toBe(to - from);
      expect(batchRows(batch)).toEqual(rows.slice(from, to).map(row => [...row, null]));
    }
  }
});

import fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { Scalar } from '../../lib/columnar/types';
import { ALL_FIELDS, batchOf, nullableOf, rowsOfAllTypes } from '../columnar/arbitraries';
import { Duck, fileOf, rowsOf } from './files';

const code = (n: string) => expect.objectContaining({ code: n });

let duck: Duck;
beforeAll(async () => {
  duck = await Duck.open();
});
afterAll(() => duck.close());

test('parquet.roundtrip: every type with NULLs through encode, assemble and decode', () => {
  fc.assert(
    fc.property(
      rowsOfAllTypes,
      rowsOfAllTypes,
      fc.constantFrom('zstd', 'snappy', 'uncompressed'),
      (a, b, codec) => {
        const file = fileOf([batchOf(ALL_FIELDS, a), batchOf(ALL_FIELDS, b)], {
          codec: codec as 'zstd',
          dictionary: a.length % 2 === 0,
        });
        expect(rowsOf(file, ALL_FIELDS)).toEqual([...a, ...b]);
      },
    ),
    { numRuns: 25 },
  );
});

/** How DuckDB is asked for a value, so that it comes back exactly: raw numbers, not its own types. */
function asked(name: string, type: string): string {
  if (type === 'date') return `(${name} - DATE '1970-01-01')::BIGINT`;
  if (type.startsWith('timestamp')) return `epoch_us(${name})`;
  if (type.startsWith('decimal') || type === 'binary')
    return `${type === 'binary' ? `hex(${name})` : `${name}::VARCHAR`}`;
  return name;
}

function expected(value: Scalar, type: string): unknown {
  if (value === null) return null;
  if (type === 'date') return BigInt(value as number);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex').toUpperCase();
  if (!type.startsWith('decimal')) return value;
  const scale = Number(/,(\d+)/.exec(type)![1]);
  const digits = String((value as bigint) < 0n ? -(value as bigint) : value).padStart(scale + 1, '0');
  const sign = (value as bigint) < 0n ? '-' : '';
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

test('parquet.roundtrip: DuckDB reads every type as it was written', async () => {
  const rows = fc.sample(fc.tuple(...ALL_FIELDS.map(f => nullableOf(f.type))), { numRuns: 400, seed: 11 });
  const path = duck.write(
    'types.parquet',
    fileOf([batchOf(ALL_FIELDS, rows.slice(0, 150)), batchOf(ALL_FIELDS, rows.slice(150))]),
  );
  const list = ALL_FIELDS.map(f => asked(f.name, f.type)).join(', ');
  const found = await duck.rows(`SELECT ${list} FROM '${path}'`);
  expect(found).toEqual(rows.map(row => row.map((v, i) => expected(v, ALL_FIELDS[i]!.type))));
});

test('parquet.roundtrip: hyparquet reads every type as it was written', async () => {
  // hyparquet has decimals as doubles: those that a double holds.
  const rows = fc.sample(fc.tuple(...ALL_FIELDS.map(f => nullableOf(f.type))), { numRuns: 200, seed: 12 });
  const file = fileOf([batchOf(ALL_FIELDS, rows)]);
  const bytes = file.buffer.slice(file.byteOffset, file.byteOffset + file.length) as ArrayBuffer;
  const found = await parquetReadObjects({ file: bytes, compressors, utf8: false });
  const plain = ALL_FIELDS.map((f, i) => [f, i] as const).filter(([f]) =>
    /^(boolean|int|long|float|double|string|binary)$/.test(f.type),
  );
  for (const [field, i] of plain) {
    expect(found.map(r => r[field.name] ?? null)).toEqual(rows.map(r => r[i]));
  }
  const micros = ALL_FIELDS.find(f => f.type === 'timestamp')!;
  const at = ALL_FIELDS.indexOf(micros);
  const millis = (v: unknown) => (v instanceof Date ? v.getTime() : null);
  expect(found.map(r => millis(r[micros.name]))).toEqual(
    rows.map(r => (r[at] === null ? null : Number((r[at] as bigint) / 1000n))),
  );
});

test('parquet.roundtrip: DuckDB finds the field ids, required columns and row groups', async () => {
  const fields = [
    { id: 5, name: 'key', type: 'long', required: true },
    { id: 2147483546, name: 'file_path', type: 'string', required: false },
  ] as const;
  const path = duck.write(
    'ids.parquet',
    fileOf([
      batchOf(fields, [[1n, 'a']]),
      batchOf(fields, [
        [2n, null],
        [3n, 'b'],
      ]),
    ]),
  );
  const schema = await duck.rows(
    `SELECT name, field_id, repetition_type FROM parquet_schema('${path}') WHERE type IS NOT NULL`,
  );
  expect(schema).toEqual([
    ['key', 5n, 'REQUIRED'],
    ['file_path', 2147483546n, 'OPTIONAL'],
  ]);
  const groups = await duck.rows(
    `SELECT DISTINCT row_group_id, row_group_num_rows FROM parquet_metadata('${path}') ORDER BY 1`,
  );
  expect(groups).toEqual([
    [0n, 1n],
    [1n, 2n],
  ]);
  const mapped = await duck.rows(
    `SELECT * FROM read_parquet('${path}', schema = MAP {5: {name: 'k', type: 'BIGINT', default_value: NULL}})`,
  );
  expect(mapped).toEqual([[1n], [2n], [3n]]);
});

test('parquet.encode: a NULL in a required column is refused', () => {
  const fields = [{ id: 1, name: 'key', type: 'long', required: true }] as const;
  expect(() => fileOf([batchOf(fields, [[1n], [null]])])).toThrow(code('TM_4204'));
});

test('parquet.encode: a batch without rows is a file with a schema', async () => {
  const file = fileOf([batchOf(ALL_FIELDS, [])]);
  expect(rowsOf(file, ALL_FIELDS)).toEqual([]);
  expect(await duck.rows(`SELECT count(*) FROM '${duck.write('empty.parquet', file)}'`)).toEqual([[0n]]);
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { openDuckDb } from '../../../lib/adapters/local/duckdb';
import { hashFunctions } from '../../../lib/adapters/local/duckdb-hash';
import { columnFromScalars, valueAt } from '../../../lib/columnar/kernels';
import type { PrimitiveType, Scalar } from '../../../lib/columnar/types';
import { checkTransform, type Transform, transformColumn } from '../../../lib/iceberg/transform';
import { encodeRowGroup } from '../../../lib/parquet/wasm';
import type { Cell, WritingEngine } from '../../../lib/ports/query-engine';
import { partitionSql, transformSql } from '../../../lib/query/load/transform-sql';
import { nullableOf } from '../../columnar/arbitraries';
import { SCRATCH } from '../../support/scratch';

const folder = mkdtempSync(join(SCRATCH, 'tm-transform-'));
let engine: WritingEngine;
let written = 0;
beforeAll(async () => {
  engine = await openDuckDb({ threads: 1, folders: [folder], functions: hashFunctions });
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const TYPES: readonly PrimitiveType[] = [
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'date',
  'timestamp',
  'timestamptz',
  'string',
  'binary',
  'decimal(9,2)',
  'decimal(18,4)',
  'decimal(20,0)',
  'decimal(38,10)',
  'decimal(38,38)',
];
const TRANSFORMS: readonly Transform[] = [
  'identity',
  'void',
  'year',
  'month',
  'day',
  'hour',
  'bucket[1]',
  'bucket[16]',
  'bucket[2147483647]',
  'truncate[1]',
  'truncate[3]',
  'truncate[1000]',
  'truncate[2147483647]',
];
const POSSIBLE = TYPES.flatMap(type =>
  TRANSFORMS.filter(t => {
    try {
      checkTransform(t, type);
      return true;
    } catch {
      return false;
    }
  }).map(t => ({ t, type })),
);

/** Where arithmetic turns over; the engine has no date or time beyond its own range. */
const EDGES: Partial<Record<PrimitiveType, readonly Scalar[]>> = {
  int: [-(2 ** 31), 2 ** 31 - 1, -1, 0, 1],
  long: [-(2n ** 63n), 2n ** 63n - 1n, -1n, 0n, 2n ** 32n, -(2n ** 32n), 0xffffffffn],
  date: [-1, 0, -365, -366, 58, 59, 60, -719_468, -719_529, 2_932_896, -141_428],
  timestamp: [-1n, 0n, -3_600_000_000n, -86_400_000_001n, -62_135_596_800_000_001n, 253_402_300_799_999_999n],
  timestamptz: [-1n, 0n, -3_600_000_001n, -86_400_000_000n],
  string: ['', 'a', '😀😀😀😀', 'é́x', 'iceberg', 'A', '\u{10ffff}', 'null', '__HIVE_DEFAULT_PARTITION__'],
  binary: [Uint8Array.of(), Uint8Array.of(0), Uint8Array.of(255, 254, 0, 1, 128)],
  double: [0, -0, Number.NaN, Infinity],
  'decimal(9,2)': [0n, -1n, -5n, 128n, -128n, -129n, 999_999_999n, -999_999_999n],
  'decimal(38,10)': [10n ** 38n - 1n, 1n - 10n ** 38n, 2n ** 64n],
  'decimal(38,38)': [10n ** 38n - 1n, 1n - 10n ** 38n],
};

function valuesOf(type: PrimitiveType): Scalar[] {
  const any = nullableOf(type).filter(v => {
    if (type === 'date') return v === null || Math.abs(v as number) < 100_000_000;
    return !type.startsWith('timestamp') || v === null || (v as bigint) / 1_000_000n < 9_000_000_000_000n;
  });
  return [null, ...(EDGES[type] ?? []), ...fc.sample(any, 300)];
}

async function asked(type: PrimitiveType, scalars: readonly Scalar[], sql: string): Promise<Cell[]> {
  // A name of its own: the engine keeps what it has read of a name.
  const path = join(folder, `values-${written++}.parquet`);
  const fields = [{ id: 1, name: 'x', type, required: false }];
  writeFileSync(
    path,
    encodeRowGroup({ length: scalars.length, fields, columns: [columnFromScalars(type, scalars)] }),
  );
  const { rows } = await engine.rows({ sql: `SELECT ${sql} FROM read_parquet('${path}')` });
  return rows.map(row => row[0]!);
}

function cellOf(value: Scalar): Cell {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}

const changing = POSSIBLE.filter(({ t }) => t !== 'identity' && t !== 'void');

test.each(changing)('transform-sql.$t of $type is the kernels own', async ({ t, type }) => {
  const scalars = valuesOf(type);
  const out = transformColumn(t, columnFromScalars(type, scalars));
  const got = await asked(type, scalars, transformSql(t, type, 'x'));
  expect(got).toEqual(scalars.map((_, i) => cellOf(valueAt(out, i))));
});

test.each(POSSIBLE)(
  'transform-sql.$t of $type: rows share a partition exactly where they share a value',
  async ({ t, type }) => {
    const scalars = valuesOf(type);
    const sql = partitionSql(t, type, 'x');
    const out = transformColumn(t, columnFromScalars(type, scalars));
    const values = scalars.map((_, i) => valueAt(out, i));
    if (sql === undefined) {
      expect(new Set(values)).toEqual(new Set([null]));
      return;
    }
    const got = await asked(type, scalars, `CAST(${sql} AS VARCHAR)`);
    const pairs = new Set(values.map((v, i) => `${named(v)} | ${got[i]}`));
    expect(pairs.size).toBe(new Set(values.map(named)).size);
    expect(pairs.size).toBe(new Set(got).size);
  },
);

function named(value: Scalar): string {
  return value === null ? 'NULL ' : Object.is(value, -0) ? '-0' : String(cellOf(value));
}

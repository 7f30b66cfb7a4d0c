import { TYPE_MAP } from '../../lib/columnar/type-map';
import type { Scalar } from '../../lib/columnar/types';
import { foreignReaders } from './readers';
import { expectAgreement, expectFiltered, type Row, type ToldLake, toldLakes } from './told-lake';

const readers = foreignReaders();
const lakes = toldLakes();

const COLUMNS = {
  flag: 'boolean',
  small: 'int',
  large: 'bigint',
  unsigned: 'bigint unsigned',
  single: 'float',
  twice: 'double',
  money: 'decimal(9,2)',
  price: 'decimal(18,4)',
  huge: 'decimal(38,10)',
  born: 'date',
  seen: 'timestamp',
  zoned: 'timestamptz',
  words: 'text',
  raw: 'varbinary(300)',
};

const DAY_MICROS = 86_400_000_000n;
const FIRST_DAY = -719_162;
const LAST_DAY = 2_932_896;
const LAST_MICRO = BigInt(LAST_DAY + 1) * DAY_MICROS - 1n;

/** Each list is a column's values, the least and the greatest of its type first. */
const VALUES: Record<string, Scalar[]> = {
  flag: [false, true],
  small: [-2_147_483_648, 2_147_483_647, 0, -1],
  large: [-(2n ** 63n), 2n ** 63n - 1n, 9_007_199_254_740_993n, -9_007_199_254_740_993n],
  unsigned: [0n, 18_446_744_073_709_551_615n, 9_223_372_036_854_775_808n],
  single: [
    -3.4028234663852886e38,
    3.4028234663852886e38,
    1.401298464324817e-45,
    -0,
    0,
    Number.NaN,
    -Infinity,
    Infinity,
  ],
  twice: [-Number.MAX_VALUE, Number.MAX_VALUE, 5e-324, -0, 0, Number.NaN, -Infinity, Infinity, 0.1],
  money: [-999_999_999n, 999_999_999n, 0n, -1n, 128n, -129n],
  price: [-(10n ** 18n) + 1n, 10n ** 18n - 1n, 0n, -1n],
  huge: [-(10n ** 38n) + 1n, 10n ** 38n - 1n, 2n ** 64n, -(2n ** 64n), 1n],
  born: [FIRST_DAY, LAST_DAY, -1, 0, 19_782],
  seen: [BigInt(FIRST_DAY) * DAY_MICROS, LAST_MICRO, -1n, 0n, 1_709_210_096_123_456n],
  zoned: [BigInt(FIRST_DAY) * DAY_MICROS, LAST_MICRO, -1n, 0n, 1_709_210_096_123_456n],
  words: ['', '\u{10ffff}'.repeat(17), 'a\u0000b', '😀é日本\n"\\', 'x'.repeat(300), 'null', ' '],
  raw: [new Uint8Array(), new Uint8Array(300).fill(255), Uint8Array.of(0, 1, 255), Uint8Array.of(0)],
};

const LENGTH = Math.max(...Object.values(VALUES).map(values => values.length));

/** Row i has the i-th value of every column, row 1000 none. */
function extremes(): Row[] {
  const names = Object.keys(COLUMNS);
  const rows = Array.from({ length: LENGTH }, (_, i): Row => {
    return { id: BigInt(i), ...Object.fromEntries(names.map(n => [n, VALUES[n]![i % VALUES[n]!.length]!])) };
  });
  return [...rows, { id: 1000n, ...Object.fromEntries(names.map(name => [name, null])) }];
}

async function extremeLake(): Promise<ToldLake> {
  const lake = lakes({ columns: COLUMNS });
  await lake.put(extremes());
  return lake;
}

test('types.everyRowOfTheMap', async () => {
  const declared = new Set((await extremeLake()).lake.tables[0]!.columns.map(c => c.type as string));
  const covered = TYPE_MAP.filter(row => declared.has(row.iceberg) || row.iceberg === 'decimal(P,S)');
  expect(covered).toEqual(TYPE_MAP);
});

test('types.extremesAndNulls', async () => {
  const lake = await extremeLake();
  expect(await expectAgreement(readers, lake)).toBe(LENGTH + 1);
});

test('types.eachValueAlone', async () => {
  // In a file of its own a value is both bounds of its column: nothing wider hides a bound that is wrong.
  const lake = lakes({ columns: COLUMNS, partitionBy: ['id'] });
  await lake.put(extremes());
  await expectAgreement(readers, lake);
  const filters: [string, (row: Row) => boolean][] = [
    ['flag = true', r => r.flag === true],
    ['small = -2147483648', r => r.small === -2_147_483_648],
    ['large = 9007199254740993', r => r.large === 9_007_199_254_740_993n],
    ['large = -9223372036854775808', r => r.large === -(2n ** 63n)],
    ['unsigned > 9223372036854775807', r => r.unsigned !== null && (r.unsigned as bigint) > 2n ** 63n - 1n],
    ['money = -0.01', r => r.money === -1n],
    ['money = 1.28', r => r.money === 128n],
    ['money < -1.28', r => r.money !== null && (r.money as bigint) < -128n],
    ['price < 0', r => r.price !== null && (r.price as bigint) < 0n],
    ['huge > 1844674407', r => r.huge !== null && (r.huge as bigint) > 18_446_744_070_000_000_000n],
    ["born < '1970-01-01'", r => r.born !== null && Number(r.born) < 0],
    ["born = '0001-01-01'", r => r.born === FIRST_DAY],
    ["seen = '2024-02-29T12:34:56.123456'", r => r.seen === 1_709_210_096_123_456n],
    ["seen < '1970-01-01T00:00:00'", r => r.seen !== null && (r.seen as bigint) < 0n],
    ["zoned < '1970-01-01T00:00:00+00:00'", r => r.zoned !== null && (r.zoned as bigint) < 0n],
    ["words = ''", r => r.words === ''],
    [
      "words > '~'",
      r => r.words !== null && Buffer.compare(Buffer.from(String(r.words)), Buffer.from('~')) > 0,
    ],
    [`words = '${'\u{10ffff}'.repeat(17)}'`, r => r.words === '\u{10ffff}'.repeat(17)],
    [`words = '${'x'.repeat(300)}'`, r => r.words === 'x'.repeat(300)],
    ['twice = 0.1', r => r.twice === 0.1],
    ['twice = 0.0', r => r.twice === 0],
    ['single = 0.0', r => r.single === 0],
    ['twice < -99999999999.5', r => r.twice !== null && Number(r.twice) < -99_999_999_999.5],
  ];
  for (const [filter, where] of filters) {
    const { files, rows } = await expectFiltered(readers, lake, filter, where);
    expect(rows).toBeGreaterThan(0);
    expect({ filter, pruned: files < LENGTH + 1 }).toEqual({ filter, pruned: true });
  }
});

test('types.isNull', async () => {
  const lake = await extremeLake();
  for (const name of Object.keys(COLUMNS)) {
    await expectFiltered(readers, lake, `${name} is null`, r => r[name] === null);
    await expectFiltered(readers, lake, `${name} is not null`, r => r[name] !== null);
  }
});

test('types.schema', async () => {
  const lake = await extremeLake();
  const { fields, key } = await readers.describe(await lake.metadata());
  const declared = lake.lake.tables[0]!.columns.map(c => [
    c.name,
    c.type.replace(',', ', '),
    c.name === 'id',
  ]);
  expect(fields.slice(0, declared.length).map(([, name, type, required]) => [name, type, required])).toEqual(
    declared,
  );
  expect(fields.slice(declared.length).map(([, name]) => name)).toEqual([
    '_pos_major',
    '_pos_minor',
    '_changed_at',
  ]);
  expect(key).toEqual(['id']);
});

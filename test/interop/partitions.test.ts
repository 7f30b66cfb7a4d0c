import type { Scalar } from '../../lib/columnar/types';
import { liveFiles } from '../../lib/table/live-files';
import { foreignReaders } from './readers';
import { expectAgreement, expectFiltered, type Row, type ToldLake, toldLakes } from './told-lake';

const readers = foreignReaders();
const lakes = toldLakes();

const day = (text: string) => Date.parse(`${text}Z`) / 86_400_000;
const micros = (text: string) => BigInt(Date.parse(`${text}Z`)) * 1000n + 1n;

const DATES = ['1969-12-31', '1970-01-01', '1899-12-31', '2020-02-29', '2020-03-01', '2021-12-31', null];
const TIMES = [
  '1969-12-31T23:59:59',
  '1970-01-01T00:00:00',
  '1968-02-29T01:00:00',
  '2020-02-29T23:00:00',
  '2020-03-01T00:30:00',
  '2020-03-01T01:30:00',
  null,
];
const TEXTS = ['north', 'south', '', '😀é日本', 'a/b=c %?', 'north pole', null];
const LONGS = [-11n, -10n, -1n, 0n, 9n, 9_007_199_254_740_993n, null];
const DECIMALS = [-1001n, -1000n, -1n, 0n, 1420n, 99_999_999n, null];
const BYTES = [Uint8Array.of(), Uint8Array.of(0, 1, 2, 3), Uint8Array.of(255, 254), Uint8Array.of(0), null];
const dates = DATES.map(text => (text === null ? null : day(text)));
const times = TIMES.map(text => (text === null ? null : micros(text)));

interface Case {
  readonly by: string;
  readonly type: string;
  readonly values: readonly Scalar[];
  readonly filters?: readonly [string, (value: Scalar) => boolean][];
}

const not = (wanted: (value: Exclude<Scalar, null>) => boolean) => (value: Scalar) =>
  value !== null && wanted(value);
const isNull: [string, (value: Scalar) => boolean] = ['p is null', value => value === null];
const inMarch: [string, (value: Scalar) => boolean] = [
  "p >= '2020-03-01T00:00:00' and p < '2020-03-01T01:00:00'",
  not(
    v =>
      (v as bigint) >= micros('2020-03-01T00:00:00') - 1n &&
      (v as bigint) < micros('2020-03-01T01:00:00') - 1n,
  ),
];
const beforeEpoch: [string, (value: Scalar) => boolean] = [
  "p < '1970-01-01T00:00:00'",
  not(v => (v as bigint) < 0n),
];
const leapDay: [string, (value: Scalar) => boolean] = ["p = '2020-02-29'", v => v === day('2020-02-29')];
const oldDays: [string, (value: Scalar) => boolean] = ["p < '1970-01-01'", not(v => Number(v) < 0)];
const times4 = [inMarch, beforeEpoch, isNull];
const days3 = [leapDay, oldDays, isNull];
const north: [string, (value: Scalar) => boolean] = ["p = 'north'", v => v === 'north'];
const emoji: [string, (value: Scalar) => boolean] = ["p = '😀é日本'", v => v === '😀é日本'];
const minus10: [string, (value: Scalar) => boolean] = ['p = -10', v => v === -10n];
const beyond2to53: [string, (value: Scalar) => boolean] = [
  'p = 9007199254740993',
  v => v === 9_007_199_254_740_993n,
];
const price: [string, (value: Scalar) => boolean] = ['p = 14.20', v => v === 1420n];

const CASES: readonly Case[] = [
  { by: 'p', type: 'text', values: TEXTS, filters: [north, emoji, isNull] },
  {
    by: 'p',
    type: 'boolean',
    values: [true, false, true, null],
    filters: [['p = true', v => v === true], isNull],
  },
  {
    by: 'p',
    type: 'int',
    values: [-1, 0, 2_147_483_647, null],
    filters: [['p = -1', v => v === -1], isNull],
  },
  { by: 'p', type: 'bigint', values: LONGS, filters: [minus10, beyond2to53, isNull] },
  { by: 'p', type: 'decimal(12,2)', values: DECIMALS, filters: [price, isNull] },
  { by: 'p', type: 'date', values: dates, filters: days3 },
  { by: 'p', type: 'datetime', values: times, filters: [beforeEpoch, isNull] },
  { by: 'p', type: 'varbinary(9)', values: BYTES, filters: [isNull] },
  { by: 'bucket(4, p)', type: 'text', values: TEXTS, filters: [north, emoji] },
  { by: 'bucket(4, p)', type: 'int', values: [-1, 0, 34, null], filters: [['p = 34', v => v === 34]] },
  { by: 'bucket(4, p)', type: 'bigint', values: LONGS, filters: [minus10, beyond2to53] },
  { by: 'bucket(4, p)', type: 'decimal(12,2)', values: DECIMALS, filters: [price] },
  { by: 'bucket(4, p)', type: 'date', values: dates, filters: [leapDay] },
  { by: 'bucket(4, p)', type: 'datetime', values: times },
  { by: 'bucket(4, p)', type: 'varbinary(9)', values: BYTES },
  {
    by: 'truncate(3, p)',
    type: 'text',
    values: TEXTS,
    filters: [north, ["p like 'nor%'", not(v => String(v).startsWith('nor'))]],
  },
  {
    by: 'truncate(10, p)',
    type: 'int',
    values: [-11, -10, -1, 0, 9, 10, null],
    filters: [['p < 0', not(v => Number(v) < 0)]],
  },
  {
    by: 'truncate(10, p)',
    type: 'bigint',
    values: LONGS,
    filters: [minus10, ['p < 0', not(v => (v as bigint) < 0n)]],
  },
  { by: 'truncate(50, p)', type: 'decimal(12,2)', values: DECIMALS, filters: [price] },
  { by: 'year(p)', type: 'date', values: dates, filters: days3 },
  { by: 'month(p)', type: 'date', values: dates, filters: days3 },
  { by: 'day(p)', type: 'date', values: dates, filters: days3 },
  { by: 'year(p)', type: 'datetime', values: times, filters: times4 },
  { by: 'month(p)', type: 'datetime', values: times, filters: times4 },
  { by: 'day(p)', type: 'datetime', values: times, filters: times4 },
  { by: 'hour(p)', type: 'datetime', values: times, filters: times4 },
];

const ROWS = 42;

/** A load, then every third row moves to the next value's partition, then some go. */
async function moved({ by, type, values }: Case): Promise<ToldLake> {
  const lake = lakes({ columns: { p: type, n: 'int' }, partitionBy: [by] });
  const row = (id: number, step: number): Row => ({
    id: BigInt(id),
    p: values[(id + step) % values.length]!,
    n: step,
  });
  const ids = Array.from({ length: ROWS }, (_, i) => i);
  await lake.put(ids.map(id => row(id, 0)));
  await lake.put(ids.filter(id => id % 3 === 0).map(id => row(id, 1)));
  await lake.remove(ids.filter(id => id % 7 === 0).map(BigInt));
  return lake;
}

test.each(CASES)('partitions.$by of $type', async each => {
  const lake = await moved(each);
  expect(await expectAgreement(readers, lake)).toBe(ROWS - 6);
  const open = await lake.open();
  const { data } = await liveFiles(lake.ports.store, open.metadata);
  expect(data.length).toBeGreaterThan(1);
  for (const [filter, where] of each.filters ?? []) {
    const { files, rows } = await expectFiltered(readers, lake, filter, row => where(row.p!));
    expect(rows).toBeGreaterThan(0);
    expect({ filter, pruned: files < data.length }).toEqual({ filter, pruned: true });
  }
});

test('partitions.spec', async () => {
  const by = ['month(at)', 'bucket(8, id)', 'truncate(2, name)', 'region'];
  const lake = lakes({ columns: { at: 'datetime', name: 'text', region: 'text' }, partitionBy: by });
  await lake.put([{ id: 1n, at: 0n, name: 'é', region: null }]);
  const { spec } = await readers.describe(await lake.metadata());
  expect(spec).toEqual([
    ['at', 'month'],
    ['id', 'bucket[8]'],
    ['name', 'truncate[2]'],
    ['region', 'identity'],
  ]);
  expect(await expectAgreement(readers, lake)).toBe(1);
});

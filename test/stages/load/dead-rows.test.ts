import type { LakeConfig, TableConfig } from '../../../lib/config/define';
import { filesSource } from '../../../lib/stages/load/source/files';
import { rebuild } from '../../../lib/stages/rebuild';
import { mergeAll, readRows, type TestLake, take, testLake } from '../../support/lake';
import { projectOf } from '../../support/load-project';

type Gone = NonNullable<TableConfig['deletedWhen']>['equals'];

const lakeOf = (type: string, equals: Gone): TestLake => {
  const columns = { id: 'bigint', flag: type, text: 'string' };
  const t = { key: ['id'], columns, deletedWhen: { column: 'flag', equals } };
  return testLake({ name: 'dead', tables: { t } } as LakeConfig);
};

const csv = (rows: readonly string[]) => Buffer.from(['id,flag,text', ...rows, ''].join('\n'));

async function load(lake: TestLake, rows: readonly string[], replaces = false) {
  const key = `copies/${replaces}.csv`;
  await lake.landing.put(key, csv(rows));
  const source = filesSource(lake.landing, { table: 't', from: [key] });
  const copy = { kind: 'files' as const, at: [key], table: 't' };
  return projectOf(lake, source, 't', { request: { replaces, dateReceived: '2021-12-31', copy } }).run();
}

const ids = async ({ ports }: TestLake, table = 't') =>
  (await readRows(ports, table)).map(({ id }) => id).sort();

/** A type, values that a config may name, the texts of a copy, and which of them each value means. */
const FLAGS: readonly (readonly [string, readonly string[], readonly (readonly [Gone, string])[]])[] = [
  [
    'boolean',
    ['true', 'false', ''],
    [
      [true, '0'],
      [false, '1'],
      [null, '2'],
    ],
  ],
  [
    'string',
    ['x', 'true', '""', '', 'X'],
    [
      ['x', '0'],
      ['', '2'],
      [null, '3'],
      ['no', ''],
    ],
  ],
  [
    'int',
    ['1', '0', '-1', ''],
    [
      [1, '0'],
      [0, '1'],
      [null, '3'],
    ],
  ],
  [
    'bigint',
    ['1', '9007199254740993', ''],
    [
      [1, '0'],
      [null, '2'],
    ],
  ],
  [
    'double',
    ['1', '1.5', '-0.0', ''],
    [
      [1, '0'],
      [1.5, '1'],
      [0, '2'],
      [null, '3'],
    ],
  ],
  [
    'date',
    ['2021-01-01', ''],
    [
      ['2021-01-01', '0'],
      [null, '1'],
    ],
  ],
  [
    'timestamp',
    ['2021-01-01 00:00:00', ''],
    [
      ['2021-01-01', '0'],
      ['2021-01-01 00:00:00.000', '0'],
      [null, '1'],
    ],
  ],
  [
    'decimal(10,2)',
    ['0.05', '1.50', '-1.50', '5.00', ''],
    [
      [5, '3'],
      [1.5, '1'],
      [-1.5, '2'],
      [null, '4'],
    ],
  ],
];

test.each(
  FLAGS.flatMap(([type, flags, all]) => all.map(([equals, dead]) => [type, equals, dead, flags] as const)),
)('load.dead: %s equal to %p is row %s, to a load and to ingest', async (type, equals, dead, flags) => {
  const rows = flags.map((flag, i) => `${i},${flag},r${i}`);
  const [loaded, taken] = [lakeOf(type, equals), lakeOf(type, equals)];
  expect(await take(taken, 't-2021-01-01.csv', csv(rows))).toMatchObject({ outcome: 'taken-in' });
  await mergeAll(taken, 't');
  const alive = flags.map((_, i) => BigInt(i)).filter(i => String(i) !== dead);
  expect(await ids(taken)).toEqual(alive);
  // The engine is told a value, not what the config says: one of each type will do, and NULL.
  const [[first]] = FLAGS.find(([one]) => one === type)![2] as [[Gone, string]];
  if (equals !== first && !(type === 'string' && equals === null)) return;
  await load(loaded, rows);
  expect(await ids(loaded)).toEqual(alive);
  const ops = async ({ ports }: TestLake) =>
    (await readRows(ports, 't_deltas')).map(row => `${row.id} ${row._op}`).sort();
  expect(await ops(loaded)).toEqual(await ops(taken));
});

test('load.dead: into nothing, beside rows and as a replace they are deletes of the log, and no rows of the table', async () => {
  const lake = lakeOf('boolean', true);
  expect(await load(lake, ['1,false,a', '2,true,b', '3,,c'])).toMatchObject({
    validation: { dead: 1, differences: [], all: { before: { rows: 2 }, after: { rows: 2 } } },
  });
  expect(await ids(lake)).toEqual([1n, 3n]);
  // Both are older than what stands, and say nothing of it; what they alone have is new.
  await load(lake, ['1,true,late', '2,false,late', '4,true,late', '5,false,late']);
  const plain = await ids(lake);
  await load(lake, ['1,true,x', '5,false,x'], true);
  expect(await ids(lake)).toEqual([5n]);
  await rebuild(lake.ports, lake.lake.tables[0]!, lake.lake.limits);
  expect(await ids(lake)).toEqual([5n]);
  expect(plain).toEqual([2n, 3n, 5n]);
});

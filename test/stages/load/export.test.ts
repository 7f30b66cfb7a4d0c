import { rdsExportSource } from '../../../lib/stages/load/source/rds-export';
import { type ExportTable, parquetOf, putExport } from '../../support/copies';
import { readRows, type TestLake, testLake } from '../../support/lake';
import { projectOf } from '../../support/load-project';

const FOLDER = 'exports/shop-1';

/** As an export writes it: BIGINT UNSIGNED in nine bytes, BIT as bytes, dates and times as text, instants in UTC. */
const USERS: ExportTable = {
  target: 'shop.users',
  columns: {
    id: 'bigint unsigned',
    flag: 'bit(1)',
    mask: 'bit(10)',
    born: 'date',
    at_noon: 'time',
    seen: 'datetime',
    balance: 'decimal(10,2)',
  },
  parts: [
    usersPart([18446744073709551615n, [1], [2, 1], '1999-12-31', '12:00:00', 1n, 1050n]),
    usersPart(
      [2n, [0], [0, 255], '2000-02-29', '-838:59:59', 1_600_000_000_000_000n, -1n],
      [3n, null, null, null, null, null, null],
    ),
  ],
};

type User = readonly [
  bigint,
  number[] | null,
  number[] | null,
  string | null,
  string | null,
  bigint | null,
  bigint | null,
];

function usersPart(...rows: User[]): Uint8Array {
  const columns = {
    id: 'decimal(20,0)',
    flag: 'binary',
    mask: 'binary',
    born: 'string',
    at_noon: 'string',
    seen: 'timestamptz',
    balance: 'decimal(10,2)',
  } as const;
  const fields = Object.entries(columns).map(([name, type], i) => ({
    id: i + 1,
    name,
    type,
    required: false,
  }));
  return parquetOf(
    fields,
    rows.map(row => row.map(value => (Array.isArray(value) ? Uint8Array.from(value) : value))),
  );
}

const orders = (...ids: bigint[]) =>
  parquetOf(
    [{ id: 1, name: 'id', type: 'long', required: false }],
    ids.map(id => [id]),
  );

/** A lake of one of the export's tables: a lake of several takes them one after the other. */
async function loaded(table: string, target: string): Promise<TestLake> {
  const lake = testLake({ name: 'shop', tables: { [table]: { key: ['id'], from: target } } });
  await putExport(lake.landing, FOLDER, [
    USERS,
    { target: 'shop.orders', columns: { id: 'bigint' }, parts: [orders(1n, 2n), orders(3n)] },
    { target: 'shop.empty', columns: { id: 'bigint', note: 'text' }, parts: [] },
  ]);
  const done = await projectOf(lake, rdsExportSource(lake.landing, FOLDER), target).run();
  expect(done.validation?.differences).toEqual([]);
  return lake;
}

test('export.loaded: nine bytes, bits and dates as text become the values that the database had', async () => {
  const { ports } = await loaded('users', 'shop.users');
  const rows = await readRows(ports, 'users');
  const days = (date: string) => Date.parse(date) / 86_400_000;
  const values = rows.map(({ id, flag, mask, born, at_noon, seen, balance }) => [
    ...[id, flag, mask, born, at_noon, seen, balance],
  ]);
  expect(values).toEqual([
    [2n, false, 255n, days('2000-02-29'), '-838:59:59', 1_600_000_000_000_000n, -1n],
    [3n, null, null, null, null, null, null],
    [18446744073709551615n, true, 513n, days('1999-12-31'), '12:00:00', 1n, 1050n],
  ]);
});

test('export.loaded: several parts are one table', async () => {
  const { ports } = await loaded('orders', 'shop.orders');
  expect((await readRows(ports, 'orders')).map(({ id }) => id)).toEqual([1n, 2n, 3n]);
});

test('export.loaded: a table of nothing but _SUCCESS is there, and empty', async () => {
  const lake = await loaded('empty', 'shop.empty');
  expect(await readRows(lake.ports, 'empty')).toEqual([]);
  const open = await lake.ports.catalog.load('empty');
  expect(open).toBeDefined();
});

import { type Detected, detect } from '../../lib/formats/detect';

const cdc = { fileTime: 1_634_499_804_349_000n, load: false };

describe('detect', () => {
  test.each<[string, Detected]>([
    ['hr/users/LOAD00000001.csv', { format: 'dms-csv', schema: 'hr', table: 'users', load: true }],
    ['in/hr/users/LOAD0000000A.csv.gz', { format: 'dms-csv', schema: 'hr', table: 'users', load: true }],
    ['hr/users/LOAD00000010.parquet', { format: 'dms-parquet', schema: 'hr', table: 'users', load: true }],
    ['users/LOAD00000001.csv', { format: 'dms-csv', table: 'users', load: true }],
    ['LOAD00000001.csv', { format: 'dms-csv', load: true }],
    ['hr/users/20211017-194324349.csv', { format: 'dms-csv', schema: 'hr', table: 'users', ...cdc }],
    [
      '/hr/users/2021/10/17/20211017-194324349.csv.gz',
      { format: 'dms-csv', schema: 'hr', table: 'users', ...cdc },
    ],
    ['hr/users/20211017-194324349.parquet', { format: 'dms-parquet', schema: 'hr', table: 'users', ...cdc }],
    ['20211017-194324349.csv', { format: 'dms-csv', ...cdc }],
    ['x/orders.csv', { format: 'csv', table: 'orders', load: false }],
    ['orders-2021-01-02.csv', { format: 'csv', table: 'orders', load: false, date: '2021-01-02' }],
    ['orders_20210102.csv.gz', { format: 'csv', table: 'orders', load: false, date: '2021-01-02' }],
    ['order_lines.2021-01-02.CSV', { format: 'csv', table: 'order_lines', load: false, date: '2021-01-02' }],
    ['orders-2021-02-30.csv', { format: 'csv', table: 'orders-2021-02-30', load: false }],
    ['2021-01-02.csv', { format: 'csv', load: false, date: '2021-01-02' }],
    ['employees/2021-01-02.csv', { format: 'csv', table: 'employees', load: false, date: '2021-01-02' }],
    ['events.jsonl', { format: 'json-lines', table: 'events', load: false }],
    ['events-20210102.ndjson.gz', { format: 'json-lines', table: 'events', load: false, date: '2021-01-02' }],
    ['events.json', { format: 'json-lines', table: 'events', load: false }],
    ['orders.parquet', { format: 'dms-parquet', table: 'orders', load: true }],
    ['hr/users/20211399-194324349.csv', { format: 'csv', table: '20211399-194324349', load: false }],
  ])('detect.path %s', (path, expected) => {
    expect(detect(path)).toEqual(expected);
  });

  test.each(['readme.md', 'orders', 'orders.gz', '', '.csv', 'a/b/'])(
    'detect.path %p is of no format',
    path => {
      expect(detect(path)).toBeUndefined();
    },
  );
});

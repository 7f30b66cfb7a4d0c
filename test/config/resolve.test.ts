import type { z } from 'zod';
import { defineLake, type LakeConfig } from '../../lib/config/define';
import { resolveLake } from '../../lib/config/resolve';
import { requireKey, requireLoads, tablesFor } from '../../lib/config/resolved';
import type { lakeSchema } from '../../lib/config/schema';
import { FILE, lake, problems, table } from './resolving';

// The types users write against and the schema that judges them accept the same configs.
type Input = z.input<typeof lakeSchema>;
const typesAgree: [LakeConfig extends Input ? true : false, Input extends LakeConfig ? true : false] = [
  true,
  true,
];

describe('config.resolve', () => {
  test('types of define and schema agree', () => expect(typesAgree).toEqual([true, true]));
  test('defineLake returns its config', () => {
    const config: LakeConfig = { name: 'a', tables: {} };
    expect(defineLake(config)).toBe(config);
  });

  test('defaults', () => {
    expect(lake({ orders: { key: ['id'] } })).toEqual({
      name: 'shop',
      timezone: 'UTC',
      folder: '/lakes/shop',
      onBadRow: 'quarantineFile',
      undeclared: 'refuse',
      sources: {},
      reports: [],
      deploy: { permissions: 'iam', scanLimitGiB: 100, windowSeconds: 15 },
      limits: {
        rowGroupRowsMax: 131072,
        rowGroupBytesMax: 8 * 2 ** 20,
        fileBytesMax: 128 * 2 ** 20,
        deltaRowsMax: 250_000,
        deltaBytesMax: 24 * 2 ** 20,
        mergeRowsMax: 250_000,
        mergeBytesMax: 24 * 2 ** 20,
      },
      tables: [
        {
          name: 'orders',
          key: ['id'],
          mode: 'merge',
          columns: [],
          partitionBy: [],
          from: { table: 'orders' },
          omit: [],
          aliases: {},
          others: 'take',
          record: {},
          freshnessMs: 60_000,
          absent: 'null',
          onBadRow: 'quarantineFile',
          watch: false,
          load: { derive: {}, sortBy: [], duplicateKeys: 'refuse', groupBytes: 100_000_000 },
        },
      ],
    });
  });

  test('every option', () => {
    const options = {
      columns: {
        id: 'BIGINT UNSIGNED',
        at: 'datetime(6)',
        gone: 'boolean',
        note: 'varchar(20)',
        raw: 'blob',
      },
      partitionBy: ['month(at)', 'bucket(16, id)'],
      deletedWhen: { column: 'gone', equals: true },
      from: 'hr.old.orders',
      where: { kind: 'a' },
      omit: ['raw'],
      freshness: '2 hours',
      absent: 'unchanged',
      onBadRow: 'quarantineRow',
      format: { kind: 'csv', delimiter: ';', decimalComma: true },
    };
    const reports = {
      daily: { table: 'orders', schedule: 'daily' },
      big: { sql: './reports/big.sql', params: { least: '10' } },
    };
    const resolved = lake(table(options), { timezone: 'Europe/Berlin', reports });
    expect(resolved.tables[0]).toMatchObject({
      columns: [
        { name: 'id', type: 'decimal(20,0)' },
        { name: 'at', type: 'timestamp' },
        { name: 'gone', type: 'boolean' },
        { name: 'note', type: 'string' },
        { name: 'raw', type: 'binary' },
      ],
      written: options.columns,
      partitionBy: [
        { column: 'at', transform: 'month' },
        { column: 'id', transform: 'bucket[16]' },
      ],
      deletedWhen: options.deletedWhen,
      from: { schema: 'hr', table: 'old.orders' },
      where: { kind: 'a' },
      omit: ['raw'],
      freshnessMs: 7_200_000,
      absent: 'unchanged',
      onBadRow: 'quarantineRow',
      format: options.format,
    });
    expect(resolved.reports).toEqual([
      { name: 'daily', kind: 'table', table: 'orders', schedule: 'daily' },
      { name: 'big', kind: 'sql', sqlFile: '/lakes/shop/reports/big.sql', params: { least: '10' } },
    ]);
  });

  test('sources', () => {
    const sources = {
      dms: { kind: 'dms-s3', schemas: { hr: ['employees'] }, secretArn: 'arn:x' },
      mysql: { kind: 'mysql', host: 'db', tables: ['shop.*'] },
      events: { kind: 'http' },
      stream: { kind: 'kinesis', format: 'debezium' },
      any: { kind: 'kinesis' },
      changes: { kind: 'kinesis', format: 'dms', shards: 2 },
      replica: { kind: 'dms-kinesis', stream: 'changes', schemas: { hr: ['jobs'] }, secretArn: 'arn:y' },
    };
    const resolved = lake({}, { sources }).sources;
    expect(resolved).toMatchObject(sources);
    expect(resolved).toMatchObject({
      dms: { fileFormat: 'parquet', capacity: { min: 1, max: 2 }, accountRoles: 'create' },
      mysql: { port: 3306 },
      any: { format: 'auto' },
      events: { authorizer: 'iam' },
    });
  });

  test('tables that our replication feeds know how it writes', () => {
    const dms = { kind: 'dms-s3', schemas: { hr: ['a', 'b'] }, secretArn: 'arn:x' };
    const tables = {
      a: { key: ['id'], from: 'hr.a', format: { rowBytesMax: 5 } },
      b: { key: ['id'] },
      c: { key: ['id'], from: 'shop.b' },
    };
    const formats = (fileFormat: string) =>
      lake(tables, { sources: { dms: { ...dms, fileFormat } } }).tables.map(({ format }) => format);
    const written = { timestampColumn: 'dms_committed_at' };
    expect(formats('parquet')).toEqual([{ ...written, rowBytesMax: 5 }, written, undefined]);
    expect(formats('csv')[1]).toEqual({ ...written, header: true, nullLiteral: '\\N' });
  });

  test('the error names file, path, value and fix, all problems at once', () => {
    expect(() => lake({ orders: { key: ['id'], columns: { zip: 'strin' } } })).toThrow(
      `[TM_1003] tables.orders.columns.zip: "strin" is not a type; did you mean "string"? · ${FILE} · `,
    );
    const found = problems(
      { orders: { keys: ['id'], columns: { zip: 5 }, freshness: 'soon' }, b: 3 },
      { nam: 1 },
    );
    expect(found).toEqual([
      'tables.orders.columns.zip: 5 is not a text in quotes',
      'tables.orders.freshness: "soon" is not a duration; write "30 seconds", "1 minute" or "2 hours"',
      'tables.orders.keys: unknown option; did you mean "key"?',
      'tables.b: 3 is not an object',
      'nam: unknown option; did you mean "name"?',
    ]);
  });

  test('not an object', () => {
    expect(() => resolveLake('shop', FILE)).toThrow('[TM_1003] "shop" is not an object');
    expect(() => resolveLake(undefined, FILE)).toThrow('TM_1003');
  });
});

describe('config.tablesFor', () => {
  const resolved = lake({
    any: { key: ['i'], from: 'employees' },
    hr: { key: ['i'], from: 'hr.employees' },
    shop: { key: ['i'], from: 'shop.users' },
  });
  const cases: [{ schema?: string; table: string }, string | undefined][] = [
    [{ schema: 'hr', table: 'employees' }, 'hr'],
    [{ schema: 'x', table: 'employees' }, 'any'],
    [{ table: 'employees' }, 'any'],
    [{ schema: 'shop', table: 'users' }, 'shop'],
    [{ schema: 'x', table: 'users' }, undefined],
    [{ table: 'users' }, undefined],
    [{ schema: 'hr', table: 'Employees' }, undefined],
  ];
  test.each(cases)('of %j', (source, name) => expect(tablesFor(resolved, source)[0]?.name).toBe(name));
  test('of several with where', () => {
    const both = lake({
      a: { key: ['i'], from: 'e', where: { t: 'a' } },
      b: { key: ['i'], from: 'e', where: { t: 'b' } },
      c: { key: ['i'], from: 'e' },
      d: { key: ['i'], from: 's.e' },
    });
    expect(tablesFor(both, { table: 'e' }).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(tablesFor(both, { schema: 's', table: 'e' }).map(({ name }) => name)).toEqual(['d']);
  });
});

describe('config.requireKey', () => {
  test('refuses a table whose key is to do', () => {
    const [orders] = lake({ orders: { key: [] } }).tables;
    expect(() => requireKey(orders!)).toThrow(
      expect.objectContaining({
        code: 'TM_1010',
        what: expect.stringContaining('key: [] // TODO'),
        where: 'tables.orders.key',
      }),
    );
  });
  test('lets keyed tables pass', () => {
    const { tables } = lake({ a: { key: ['id'] } });
    for (const each of tables) expect(() => requireKey(each)).not.toThrow();
  });
  test('lets append tables pass', () => {
    const { tables } = lake({ a: { mode: 'append' }, b: { key: ['id'], where: { x: 'y' } } });
    for (const each of tables) expect(() => requireKey(each)).not.toThrow();
  });
});

describe('config.requireLoads', () => {
  test('refuses tables of which no copy is the whole', () => {
    const { tables } = lake({ a: { mode: 'append' }, b: { key: ['id'], where: { x: 'y' } } });
    for (const each of tables) expect(() => requireLoads(each)).toThrow('TM_1011');
  });
});

import type { z } from 'zod';
import { defineLake, type LakeConfig } from '../../lib/config/define';
import { ConfigError } from '../../lib/config/errors';
import { resolveLake } from '../../lib/config/resolve';
import { requireKey, tableFor } from '../../lib/config/resolved';
import type { lakeSchema } from '../../lib/config/schema';

const FILE = '/lakes/shop/tidemark.config.ts';

// The types users write against and the schema that judges them accept the same configs.
type Input = z.input<typeof lakeSchema>;
const typesAgree: [LakeConfig extends Input ? true : false, Input extends LakeConfig ? true : false] = [
  true,
  true,
];

function lake(tables: unknown, rest: object = {}) {
  return resolveLake({ name: 'shop', tables, ...rest }, FILE);
}

/** `path: message` of each problem. */
function problems(tables: unknown, rest: object = {}): string[] {
  try {
    lake(tables, rest);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(problem => `${problem.path}: ${problem.message}`);
  }
}

const table = (options: object) => ({ orders: { key: ['id'], ...options } });

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
          freshnessMs: 60_000,
          absent: 'null',
          onBadRow: 'quarantineFile',
          watch: false,
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
      changes: { kind: 'kinesis', format: 'dms', shards: 2 },
      replica: { kind: 'dms-kinesis', stream: 'changes', schemas: { hr: ['jobs'] }, secretArn: 'arn:y' },
    };
    const resolved = lake({}, { sources }).sources;
    expect(resolved).toMatchObject(sources);
    expect(resolved).toMatchObject({
      dms: { fileFormat: 'parquet', capacity: { min: 1, max: 2 }, accountRoles: 'create' },
      mysql: { port: 3306 },
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

describe('config.problem', () => {
  const cases: [string, unknown, object, string[]][] = [
    ['name missing', {}, { name: undefined }, ['name: is missing; give a text in quotes']],
    ['name bad', {}, { name: 'My Shop' }, ['name: "My Shop" is not a lake name']],
    [
      'timezone',
      {},
      { timezone: 'Europe/Berlim' },
      ['timezone: "Europe/Berlim" is not a time zone; did you mean "Europe/Berlin"?'],
    ],
    [
      'enum',
      table({ mode: 'apend' }),
      {},
      ['tables.orders.mode: "apend" is not one of them; did you mean "append"?'],
    ],
    [
      'key missing',
      { orders: {} },
      {},
      ["tables.orders.key: is missing; write key: ['<column>'], or mode: 'append'"],
    ],
    ['key of append', table({ mode: 'append' }), {}, ['tables.orders.key: ["id"] in an append table']],
    ['key twice', table({ key: ['id', 'id'] }), {}, ['tables.orders.key[1]: "id" is named twice']],
    ['key omitted', table({ omit: ['id'] }), {}, ['tables.orders.key[0]: "id" is also omitted']],
    ['key floating', table({ columns: { id: 'double' } }), {}, ['tables.orders.key[0]: "id" is double']],
    [
      'key reserved',
      table({ key: ['date_received'] }),
      {},
      ['tables.orders.key[0]: "date_received" is the lake'],
    ],
    [
      'key unknown in headerless files',
      table({ key: ['idd'], columns: { id: 'int' }, format: { header: false } }),
      {},
      ['tables.orders.key[0]: "idd" is not a declared column; did you mean "id"?'],
    ],
    [
      'number-like columns in headerless files',
      table({ columns: { id: 'int', '2020': 'int' }, format: { kind: 'dms-csv' } }),
      {},
      ['tables.orders.columns.2020: "2020" loses its place'],
    ],
    [
      'column reserved',
      table({ columns: { _POS_major: 'int' } }),
      {},
      ['tables.orders.columns._POS_major: "_POS_major" is the lake'],
    ],
    [
      'columns by case',
      table({ columns: { a: 'int', A: 'int' } }),
      {},
      ['tables.orders.columns.A: differs from "a" only by case'],
    ],
    [
      'transform of type',
      table({ columns: { at: 'string' }, partitionBy: ['month(at)'] }),
      {},
      ['tables.orders.partitionBy[0]: "month(at)"'],
    ],
    [
      'transform unreadable',
      table({ partitionBy: ['month('] }),
      {},
      ['tables.orders.partitionBy[0]: "month("'],
    ],
    [
      'partition twice',
      table({ partitionBy: ['bucket(8, id)', 'bucket(16, id)'] }),
      {},
      ['tables.orders.partitionBy[1]: "bucket(16, id)": the name id_bucket is taken'],
    ],
    [
      'partition named like a column',
      table({ columns: { at: 'date', at_month: 'int' }, partitionBy: ['month(at)'] }),
      {},
      ['tables.orders.partitionBy[0]: "month(at)": the name at_month is taken'],
    ],
    [
      'partition omitted',
      table({ omit: ['at'], partitionBy: ['month(at)'] }),
      {},
      ['tables.orders.partitionBy[0]: "at" is also omitted'],
    ],
    [
      'deletedWhen never equal',
      table({ columns: { gone: 'boolean' }, deletedWhen: { column: 'gone', equals: 'true' } }),
      {},
      [
        'tables.orders.deletedWhen.equals: "true" is never equal to "gone", a column of type boolean; give a boolean',
      ],
    ],
    [
      'deletedWhen omitted',
      table({ omit: ['gone'], deletedWhen: { column: 'gone', equals: 1 } }),
      {},
      ['tables.orders.deletedWhen.column: "gone" is also omitted'],
    ],
    [
      'deletedWhen of append',
      { o: { mode: 'append', deletedWhen: { column: 'gone', equals: 1 } } },
      {},
      ['tables.o.deletedWhen: is set in an append table'],
    ],
    [
      'delimiter',
      table({ format: { delimiter: '||' } }),
      {},
      ['tables.orders.format.delimiter: "||" is not one ASCII character'],
    ],
    [
      'where value',
      table({ where: { a: null } }),
      {},
      ['tables.orders.where.a: null is not a text, a number, true or false'],
    ],
    [
      'from twice',
      { a: { key: ['i'], from: 'x.t' }, b: { key: ['i'], from: 'x.t' } },
      {},
      ['tables.b.from: "x.t" already goes to table "a"'],
    ],
    [
      'from taken by a default',
      { a: { key: ['i'], from: 'b' }, b: { key: ['i'] } },
      {},
      ['tables.b: "b" already goes to table "a"'],
    ],
    ['from unreadable', table({ from: 'hr.' }), {}, ['tables.orders.from: "hr." is not a source table']],
    [
      'source kind',
      {},
      { sources: { s: { kind: 'mysq' } } },
      ['sources.s.kind: is not a known kind; did you mean "mysql"?'],
    ],
    [
      'source option',
      {},
      { sources: { s: { kind: 'http', auth: 1 } } },
      ['sources.s.auth: unknown option; the options here are kind, authorizer'],
    ],
    [
      'stream of a replication',
      {},
      {
        sources: {
          changes: { kind: 'kinesis', format: 'dms' },
          r: { kind: 'dms-kinesis', stream: 'change', schemas: {}, secretArn: 'arn:x' },
        },
      },
      ['sources.r.stream: "change" is not a source of kind kinesis, format dms; did you mean "changes"?'],
    ],
    [
      'network of a replication',
      {},
      { sources: { r: { kind: 'dms-s3', schemas: {}, secretArn: 'arn:x', vpc: { vpcId: 'v' } } } },
      ['sources.r.vpc.subnetIds: has less than two subnets', 'sources.r.vpc.securityGroupIds: is empty'],
    ],
    [
      'capacity of a replication',
      {},
      { sources: { r: { kind: 'dms-s3', schemas: {}, secretArn: 'arn:x', capacity: { min: 8 } } } },
      ['sources.r.capacity.min: 8 is above max, 2'],
    ],
    [
      'shards of a stream that is there',
      {},
      { sources: { r: { kind: 'kinesis', format: 'json', streamArn: 'arn:x', shards: 2 } } },
      ['sources.r.shards: is decided where the stream'],
    ],
    [
      'source name',
      {},
      { sources: { 'a b': { kind: 'http' } } },
      ['sources["a b"]: is not a name of a source'],
    ],
    [
      'window',
      {},
      { deploy: { windowSeconds: 1000 } },
      ['deploy.windowSeconds: 1000 is too big; give 240 at most'],
    ],
    [
      'report like a table',
      table({}),
      { reports: { orders: { table: 'orders' } } },
      ['reports.orders: a table is named "orders" too'],
    ],
    [
      'report name',
      {},
      { reports: { staging: { sql: 'a.sql' } } },
      ['reports.staging: "staging" is reserved'],
    ],
    [
      'report table',
      table({}),
      { reports: { r: { table: 'order' } } },
      ['reports.r.table: "order" is not a table; did you mean "orders"?'],
    ],
    ['report of neither', {}, { reports: { r: {} } }, ['reports.r: needs one of table and sql']],
    [
      'report of both',
      table({}),
      { reports: { r: { table: 'orders', sql: 'a.sql' } } },
      ['reports.r: needs one of table and sql'],
    ],
    [
      'report sql outside',
      {},
      { reports: { r: { sql: '../a.sql' } } },
      ['reports.r.sql: "../a.sql" leaves the config'],
    ],
    [
      'report sql absolute',
      {},
      { reports: { r: { sql: '/etc/passwd' } } },
      ['reports.r.sql: "/etc/passwd" leaves the config'],
    ],
    [
      'report date column',
      table({ columns: { report_date: 'date' } }),
      { reports: { r: { table: 'orders' } } },
      ['reports.r.table: "orders" has a column report_date'],
    ],
    [
      'report params',
      {},
      { reports: { r: { sql: 'a.sql', params: { report_date: 'x', 'a b': 'y' } } } },
      ['reports.r.params.report_date: is given', 'reports.r.params["a b"]: is not a parameter name'],
    ],
    ['limit zero', {}, { limits: { fileBytesMax: 0 } }, ['limits.fileBytesMax: 0 is too small']],
    [
      'limits at odds',
      {},
      { limits: { deltaRowsMax: 5_000_000 } },
      ['limits.deltaRowsMax: 5000000 is above mergeRowsMax, 250000'],
    ],
  ];
  test.each(cases)('%s', (_, tables, rest, wanted) => {
    const found = problems(tables, rest);
    expect(found.map((text, i) => text.slice(0, wanted[i]?.length))).toEqual(wanted);
  });

  test.each([
    'deltas',
    'staging',
    'quarantine',
    'ledger',
    '_x',
    '.x',
    'a_deltas',
    'a_history',
    'Orders',
    'a-b',
    '1a',
    '',
    'a/b',
    '..',
  ])('table name %j', name => expect(problems({ [name]: { key: ['id'] } })).toHaveLength(1));
  test.each(['orders', 'o_1', 'deltas_of_rivers', 'history'])('table name %j is fine', name =>
    expect(problems({ [name]: { key: ['id'] } })).toEqual([]),
  );
});

describe('config.tableFor', () => {
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
  test.each(cases)('of %j', (source, name) => expect(tableFor(resolved, source)?.name).toBe(name));
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
  test('refuses what is declared but not carried out, rather than ignoring it', () => {
    const { tables } = lake({ a: { mode: 'append' }, b: { key: ['id'], where: { x: 'y' } } });
    for (const each of tables) expect(() => requireKey(each)).toThrow('TM_1011');
  });
});

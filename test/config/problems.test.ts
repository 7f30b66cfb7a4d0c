import { problems, table } from './resolving';

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
    [
      'from twice without where',
      {
        a: { mode: 'append', from: 'x', where: { k: 'a' } },
        b: { mode: 'append', from: 'x' },
        c: { mode: 'append', from: 'x' },
      },
      {},
      ['tables.c.from: "x" already goes to table "b"; of several tables all but one have a where'],
    ],
    ['where empty', table({ where: {} }), {}, ['tables.orders.where: is empty; write { <column>: <value> }']],
    [
      'where that no row can have',
      table({ columns: { n: 'int', d: 'date', b: 'blob' }, where: { n: 'a', d: '2026-02-30', b: 'x' } }),
      {},
      [
        'tables.orders.where.n: "a" is never equal to "n", a column of type int; give a number',
        'tables.orders.where.d: "2026-02-30" is never equal to "d", a column of type date; give one of that type',
        'tables.orders.where.b: "x" is never equal to "b", a column of type binary; choose another column',
      ],
    ],
    [
      'where out of range',
      table({ columns: { n: 'int' }, where: { n: 1.5 } }),
      {},
      ['tables.orders.where.n: 1.5 is never equal to "n", a column of type int; give one of that type'],
    ],
    [
      'aliases',
      table({
        columns: { id: 'int', ua: 'string', host: 'string' },
        aliases: { ua: ['ua', 'HOST', 'User-Agent'], host: ['user-agent', 'Host'], other: ['x'] },
      }),
      {},
      [
        "tables.orders.aliases.ua[0]: is the column's own name; drop it",
        'tables.orders.aliases.ua[1]: "HOST" is a column itself, "host"; drop one of the two',
        'tables.orders.aliases.host[0]: "user-agent" is another name of "ua" already',
        'tables.orders.aliases.other: "other" is not declared; add it to columns with its type',
      ],
    ],
    [
      'options that speak of an alias',
      table({
        columns: { id: 'int', ua: 'string' },
        aliases: { ua: ['User-Agent'] },
        where: { 'User-Agent': 'x' },
        partitionBy: ['User-Agent'],
        omit: ['User-Agent'],
      }),
      {},
      [
        'tables.orders.partitionBy[0]: "User-Agent" is also omitted',
        'tables.orders.where["User-Agent"]: "User-Agent" is another name of "ua"; write "ua"',
        'tables.orders.partitionBy[0]: "User-Agent" is another name of "ua"; write "ua"',
        'tables.orders.omit[0]: "User-Agent" is another name of "ua"; write "ua"',
      ],
    ],
    [
      'record',
      table({
        columns: { id: 'int', raw: 'blob', Came: 'date' },
        record: { text: 'raw', arrivedAt: 'came' },
        aliases: { raw: ['x'] },
        where: { raw: 'y' },
      }),
      {},
      [
        'tables.orders.where.raw: is made of the record itself',
        'tables.orders.where.raw: "y" is never equal to "raw"',
        'tables.orders.aliases.raw: is made of the record itself; no source brings it',
        'tables.orders.record.text: "raw" is binary; declare it string',
        'tables.orders.record.arrivedAt: "came" differs from "Came" only by case',
      ],
    ],
    [
      'record of one column, of the lake’s own, of the key',
      {
        a: { key: ['id'], record: { text: 'id', arrivedAt: 'id' } },
        b: { mode: 'append', record: { text: '_op' } },
      },
      {},
      [
        'tables.a.record.arrivedAt: "id" holds the text already',
        'tables.a.record.text: "id" is of the key',
        'tables.a.record.arrivedAt: "id" is of the key',
        'tables.b.record.text: "_op" is the lake\'s own column',
      ],
    ],
    [
      'record.text beside omit',
      table({ columns: { id: 'int' }, record: { text: 'raw' }, omit: ['secret'] }),
      {},
      ['tables.orders.record.text: would bring secret into the lake'],
    ],
    [
      'record of files without a header',
      table({ columns: { id: 'int' }, record: { text: 'raw' }, format: { header: false } }),
      {},
      ['tables.orders.record.text: is of rows with names'],
    ],
    [
      'others',
      table({
        key: ['idd'],
        columns: { id: 'int' },
        others: 'omit',
        partitionBy: ['region'],
        where: { kind: 'a' },
      }),
      {},
      [
        'tables.orders.key[0]: "idd" is not declared, and others: \'omit\' leaves it out; add it to columns',
        'tables.orders.partitionBy[0]: "region" is not declared',
      ],
    ],
    [
      'others of nothing',
      { a: { mode: 'append', others: 'omit' } },
      {},
      ['tables.a.others: "omit" leaves nothing'],
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
      ['sources.s.auth: unknown option; the options here are kind, tables, stream, authorizer'],
    ],
    [
      'tables of an intake',
      table({ from: 'shop.orders' }),
      { sources: { web: { kind: 'http', tables: ['shop.orders', 'carts', 'shop.orders'] } } },
      [
        `sources.web.tables[1]: no table is from "carts"; declare one with from: 'carts', or drop it`,
        'sources.web.tables[2]: "shop.orders" is named twice; drop one',
      ],
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
      [
        'sources.r.stream: "change" is not a source of kind kinesis, format dms or auto; did you mean "changes"?',
      ],
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

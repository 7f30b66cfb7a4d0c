import fc from 'fast-check';
import { OP_DELETE, OP_INSERT, OP_TRUNCATE, OP_UPDATE } from '../../lib/change/op';
import { valueAt } from '../../lib/columnar/kernels';
import { type ChangesRequest, decodeChanges, type JsonChange } from '../../lib/formats/json-changes';
import { messageReader } from '../../lib/formats/stream-formats';
import type { StreamMessage } from '../../lib/formats/stream-message';

const read = (text: string | object, reader = messageReader('debezium')): StreamMessage =>
  reader(Buffer.from(typeof text === 'string' ? text : JSON.stringify(text)));

const SOURCE = {
  version: '2.7.0.Final',
  connector: 'mysql',
  name: 'shop',
  ts_ms: 1722214747678,
  snapshot: 'false',
  db: 'shop',
  table: 'items',
  server_id: 1,
  gtid: null,
  file: 'mysql-bin.000003',
  pos: 154,
  row: 2,
};

const record = (op: string, rest: object = {}, source: object = {}) => ({
  before: null,
  after: null,
  source: { ...SOURCE, ...source },
  op,
  ts_ms: 1722214747686,
  ...rest,
});

function faultOf(text: string | object): string {
  const message = read(text);
  return message.kind === 'fault' ? message.fault.code : message.kind;
}

/** Values of one column of a row: with a schema of that field, or of a declared type alone. */
function decoded(
  value: string,
  column: { type: ChangesRequest['columns'][number]['type']; written?: string },
  field?: object,
) {
  const payload = JSON.stringify(record('c', { after: { id: 1, v: 'VALUE' } })).replace('"VALUE"', value);
  const row = {
    type: 'struct',
    optional: true,
    field: 'after',
    fields: [
      { type: 'int64', field: 'id' },
      { ...field, field: 'v' },
    ],
  };
  const schema = JSON.stringify({ type: 'struct', fields: [row], name: 'shop.items.Envelope' });
  const message = read(field ? `{"schema":${schema},"payload":${payload}}` : payload);
  if (message.kind !== 'change') throw new Error(JSON.stringify(message));
  const { batch, columns } = decodeChanges([message.change], {
    columns: [
      { name: 'id', type: 'long' },
      { name: 'v', type: column.type },
    ],
    ...(column.written ? { written: { v: column.written } } : {}),
    key: ['id'],
    bookkeeping: {},
    missing: 'absent',
    refuses: () => undefined,
  });
  const at = columns.findIndex(c => c.name === 'v');
  return batch.bad.length > 0
    ? `${batch.bad[0]!.code} ${batch.bad[0]!.column}`
    : valueAt(batch.columns[at]!, 0);
}

test('message.ops: what each says', () => {
  const row = { id: 1 };
  expect(read(record('r', { after: row }))).toMatchObject({
    kind: 'change',
    format: 'debezium',
    schema: 'shop',
    table: 'items',
    load: true,
    change: { op: OP_INSERT },
  });
  const position = { major: (3n << 33n) | 154n, minor: 2n };
  expect(read(record('c', { after: row }))).toMatchObject({
    load: false,
    position,
    change: { op: OP_INSERT },
  });
  const update = read(record('u', { before: row, after: row })) as { change: JsonChange };
  expect(update).toMatchObject({
    position,
    change: { op: OP_UPDATE, changedAt: '2024-07-29T00:59:07.678' },
  });
  expect(update.change.before).toBeDefined();
  expect(read(record('d', { before: row }))).toMatchObject({ position, change: { op: OP_DELETE } });
  expect(read(record('t'))).toMatchObject({ position, change: { op: OP_TRUNCATE, row: undefined } });
});

test('message.nobody: tombstones, heartbeats and bounds of transactions are ignored', () => {
  for (const text of [
    '',
    'null',
    '{"schema":null,"payload":null}',
    '{"ts_ms":1722214747686}',
    '{"status":"BEGIN","id":"gtid:1","event_count":null,"ts_ms":1}',
  ])
    expect(read(text).kind).toBe('ignored');
});

test('message.schema change: is noted with its columns and its statement', () => {
  const columns = [{ name: 'id', typeExpression: 'BIGINT', optional: false, position: 1 }];
  expect(
    read({
      source: SOURCE,
      ts_ms: 1,
      databaseName: 'shop',
      ddl: 'ALTER TABLE items ADD x INT',
      tableChanges: [{ type: 'ALTER', id: '"shop"."items"', table: { columns } }],
    }),
  ).toEqual({
    kind: 'control',
    format: 'debezium',
    operation: 'alter-table',
    schema: 'shop',
    table: 'items',
    columns: [{ name: 'id', type: 'BIGINT', nullable: false }],
    detail: 'ALTER TABLE items ADD x INT',
  });
});

test('message.fault: what Debezium does not write', () => {
  const row = { id: 1 };
  const good = JSON.stringify(record('c', { after: row }));
  const faults = [
    good.slice(0, -1),
    '[]',
    `${good} x`,
    '{"metadata":{"operation":"insert"}}',
    record('x', { after: row }),
    record('u', { before: row }),
    record('d', { after: row }),
    record('c', { after: [1] }),
    record('c', { after: row }, { table: null }),
    record('c', { after: row }, { file: 'mysql-bin' }),
    record('c', { after: row }, { pos: '154' }),
    record('c', { after: row }, { pos: 2 ** 33 }),
    record('c', { after: row }, { row: -1 }),
    { op: 'c', after: row },
    good.replace('"op":"c"', '"op":"c","op":"d"'),
    { schema: { type: 'string' }, payload: record('c', { after: row }) },
    { schema: { type: 'struct', fields: [] }, payload: 7 },
  ].map(faultOf);
  expect(faults).toEqual([...Array(3).fill('TM_2112'), ...Array(13).fill('TM_2124'), 'TM_2112']);
  const bytes = Buffer.from(good);
  bytes[bytes.indexOf('items')] = 0xff;
  expect(messageReader('debezium')(bytes)).toMatchObject({ kind: 'fault', fault: { code: 'TM_2105' } });
});

test('schema.known: a record whose schema came before is read as the first was', () => {
  const schema = JSON.stringify({
    type: 'struct',
    fields: [{ type: 'struct', field: 'after', fields: [{ type: 'int64', field: 'id' }] }],
  });
  const payload = JSON.stringify(record('c', { after: { id: 7 } }));
  const texts = [
    `{"schema":${schema},"payload":${payload}}`,
    `{"schema":${schema} , "payload" : ${payload} } \n`,
    `{"schema":${schema},"payload":null}`,
    `{"schema":${schema},"payload":{"ts_ms":1}}`,
    `{"schema":${schema},"payload":${payload}`,
    `{"schema":${schema},"payload":${payload}} x`,
    `{"schema":${schema},"payload":${payload},"more":1}`,
    `{"schema":${schema},"other":${payload}}`,
    `{"schema":${schema}}`,
    `{"schema":${schema},"payload":}`,
  ];
  const reader = messageReader('debezium');
  const kinds = (of: (text: string) => StreamMessage) =>
    texts.map(text => {
      const message = of(text);
      return message.kind === 'change' ? JSON.stringify([message.table, message.change.op]) : message.kind;
    });
  read(texts[0]!, reader);
  expect(kinds(text => read(text, reader))).toEqual(kinds(text => read(text)));
});

test('schema.two: schemas as long as each other are told apart', () => {
  const of = (kind: string, value: number) => {
    const fields = [{ type: 'int32', name: `io.debezium.time.${kind}`, field: 'v' }];
    const schema = { type: 'struct', fields: [{ type: 'struct', field: 'after', fields }] };
    return JSON.stringify({ schema, payload: record('c', { after: { v: value } }) });
  };
  const reader = messageReader('debezium');
  const changes = [of('Date', 1), of('Time', 1), of('Date', 2), of('Time', 2)].map(text => {
    const message = read(text, reader);
    if (message.kind !== 'change') throw new Error(JSON.stringify(message));
    return message.change;
  });
  const request = {
    columns: [],
    key: ['v'],
    bookkeeping: {},
    missing: 'absent',
    refuses: () => undefined,
  } as const;
  const { batch } = decodeChanges(changes, request);
  const texts = changes.map((_, i) => valueAt(batch.columns[0]!, i));
  expect(texts).toEqual(['1970-01-02', '00:00:00.001000', '1970-01-03', '00:00:00.002000']);
});

test('value.schema: each kind, exactly or not at all', () => {
  const debezium = (name: string) => ({ type: 'int64', name: `io.debezium.time.${name}` });
  const connect = (name: string, parameters = {}) => ({
    type: 'bytes',
    name: `org.apache.kafka.connect.data.${name}`,
    parameters,
  });
  const values = [
    decoded('19000', { type: 'date' }, debezium('Date')),
    decoded('19000', { type: 'string' }, debezium('Date')),
    decoded('"x"', { type: 'date' }, debezium('Date')),
    decoded('1722214747678', { type: 'timestamp' }, debezium('Timestamp')),
    decoded('1722214747678123', { type: 'timestamp' }, debezium('MicroTimestamp')),
    decoded('-1', { type: 'timestamp' }, debezium('MicroTimestamp')),
    decoded('1722214747678123001', { type: 'timestamp' }, debezium('NanoTimestamp')),
    decoded('1722214747678123000', { type: 'timestamp' }, debezium('NanoTimestamp')),
    decoded('999999999999999', { type: 'timestamp' }, debezium('Timestamp')),
    decoded(
      '"2024-07-29T00:59:07Z"',
      { type: 'timestamp' },
      { type: 'string', name: 'io.debezium.time.ZonedTimestamp' },
    ),
    decoded('"2024-07-29Z"', { type: 'date' }, { type: 'string', name: 'io.debezium.time.IsoDate' }),
    decoded('-3020399000001', { type: 'string' }, debezium('MicroTime')),
    decoded('"BNI="', { type: 'decimal(10,2)' }, connect('Decimal', { scale: '2' })),
    decoded('"BNI="', { type: 'string' }, connect('Decimal', { scale: '2' })),
    decoded('"BNI="', { type: 'decimal(10,1)' }, connect('Decimal', { scale: '2' })),
    decoded('"/w=="', { type: 'decimal(10,2)' }, connect('Decimal', { scale: '2' })),
    decoded('"//8BAA=="', { type: 'long' }, connect('Decimal', { scale: '0' })),
    decoded('"BNI"', { type: 'decimal(10,2)' }, connect('Decimal', { scale: '2' })),
    decoded('"BNI="', { type: 'decimal(10,2)' }, connect('Decimal')),
    decoded(
      '{"scale":2,"value":"BNI="}',
      { type: 'decimal(10,2)' },
      { type: 'struct', name: 'io.debezium.data.VariableScaleDecimal' },
    ),
    decoded('"AQI="', { type: 'long' }, { type: 'bytes', name: 'io.debezium.data.Bits' }),
    decoded('"AQI="', { type: 'string' }, { type: 'bytes', name: 'io.debezium.data.Bits' }),
    decoded('"AQI="', { type: 'string' }, { type: 'bytes' }),
    decoded('"AQI="', { type: 'string' }, { type: 'bytes', name: 'com.example.Secret' }),
    decoded('5', { type: 'int' }, { type: 'int32', name: 'com.example.Odd' }),
    decoded('9223372036854775807', { type: 'long' }, { type: 'int64' }),
    decoded('"a\\u0041"', { type: 'string' }, { type: 'string' }),
    decoded('null', { type: 'date' }, debezium('Date')),
  ];
  const at = BigInt(Date.UTC(2024, 6, 29, 0, 59, 7, 678)) * 1000n;
  expect(values).toEqual([
    19000,
    '2022-01-08',
    'TM_2103 v',
    at,
    at + 123n,
    -1n,
    'TM_2103 v',
    at + 123n,
    'TM_2103 v',
    at - 678_000n,
    19933,
    '-838:59:59.000001',
    1234n,
    '12.34',
    'TM_2103 v',
    -1n,
    -65280n,
    'TM_2103 v',
    'TM_2103 v',
    1234n,
    513n,
    '0x0201',
    '0x0102',
    'TM_2103 v',
    'TM_2103 v',
    (1n << 63n) - 1n,
    'aA',
    null,
  ]);
});

test('value.without schema: the declared type says it, or nobody does', () => {
  const values = [
    decoded('19000', { type: 'date' }),
    decoded('"2022-01-08"', { type: 'date' }),
    decoded('1722214747678', { type: 'timestamp', written: 'datetime' }),
    decoded('1722214747678', { type: 'timestamp', written: 'DATETIME(3)' }),
    decoded('1722214747678', { type: 'timestamp', written: 'datetime(6)' }),
    decoded('1722214747678', { type: 'timestamp', written: 'timestamp' }),
    decoded('1722214747678123', { type: 'timestamp', written: 'timestamp' }),
    decoded('"2024-07-29T00:59:07Z"', { type: 'timestamp', written: 'timestamp' }),
    decoded('45296000000', { type: 'string', written: 'time' }),
    decoded('45296000000', { type: 'string', written: 'varchar(20)' }),
    decoded('"BNI="', { type: 'decimal(10,2)' }),
    decoded('"12.34"', { type: 'decimal(10,2)' }),
    decoded('"-7"', { type: 'decimal(10,2)' }),
    decoded('"1234"', { type: 'decimal(10,2)' }),
    decoded('12.34', { type: 'decimal(10,2)' }),
    decoded('"/w8="', { type: 'binary' }),
    decoded('"beef"', { type: 'binary' }),
    decoded('"be"', { type: 'binary' }),
    decoded('""', { type: 'binary' }),
    decoded('"AQIP"', { type: 'binary', written: 'bit(20)' }),
    decoded('true', { type: 'boolean', written: 'bit(1)' }),
  ];
  const at = BigInt(Date.UTC(2024, 6, 29, 0, 59, 7, 678)) * 1000n;
  expect(values).toEqual([
    19000,
    19000,
    at,
    at,
    at / 1000n,
    'TM_2126 v',
    at + 123n,
    at - 678_000n,
    '12:34:56',
    '45296000000',
    1234n,
    1234n,
    -700n,
    'TM_2126 v',
    1234n,
    Uint8Array.from([255, 15]),
    'TM_2126 v',
    Uint8Array.from([190]),
    new Uint8Array(0),
    Uint8Array.from([15, 2, 1]),
    true,
  ]);
});

test('message.any bytes are read without an exception', () => {
  const part = fc.constantFrom(
    '"schema":',
    '"payload":',
    '"source":',
    '"op":"c"',
    '"after":',
    '"ddl":""',
    '"tableChanges":',
    '{',
    '}',
    ',',
    '[',
    ']',
    'null',
    '1',
    '"\\u"',
    '"a"',
    '{"type":"struct","fields":[null]}',
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(part).map(p => p.join('')),
    fc.json().map(j => `{"schema":${j},"payload":${j}}`),
    fc
      .json()
      .map(
        j => `{"schema":{"type":"struct","fields":[${j},{"field":"after","fields":[${j}]}]},"payload":${j}}`,
      ),
    fc
      .json()
      .map(j => `{"source":{"table":"t"},"ddl":"","tableChanges":[${j},{"table":{"columns":[${j}]}}]}`),
    fc.json().map(j => `{"source":{"table":"t"},"ddl":"","tableChanges":[{"table":{"columns":[${j}]}}]}`),
    fc.json().map(j => `{"metadata":{"operation":"a","record-type":"control"},"control":${j}}`),
  );
  const readers = (['debezium', 'service-event', 'auto'] as const).map(format => messageReader(format));
  fc.assert(
    fc.property(text, sent => {
      for (const reader of readers) expect(typeof read(sent, reader).kind).toBe('string');
    }),
  );
});

// How fast records of a stream are decoded into columns, each format beside JSON.parse of the same records in the same run:
// one process, one core where taskset exists, the two in turns.
//   node bench/streams.mjs [--records 20000] [--runs 7] [--batch 1000]
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';

const HERE = fileURLToPath(import.meta.url);
const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '20000' },
    runs: { type: 'string', default: '7' },
    batch: { type: 'string', default: '1000' },
    pinned: { type: 'boolean', default: false },
  },
});
if (!values.pinned && spawnSync('taskset', ['-c', '0', 'true']).status === 0) {
  const args = ['-c', '1', process.execPath, ...process.execArgv, HERE, ...process.argv.slice(2), '--pinned'];
  process.exit(spawnSync('taskset', args, { stdio: 'inherit' }).status ?? 1);
}
const [count, runs, batch] = [Number(values.records), Number(values.runs), Number(values.batch)];

const bundle = join(dirname(HERE), '../dist/bench-streams.cjs');
buildSync({
  stdin: {
    contents: `export { messageReader } from './lib/formats/stream-formats';
      export { decodeChanges } from './lib/formats/json-changes';
      export { avroSchema } from './lib/formats/avro/schema';
      export { Type } from 'avsc';`,
    resolveDir: join(dirname(HERE), '..'),
  },
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'cjs',
});
const { messageReader, decodeChanges, avroSchema, Type } = createRequire(import.meta.url)(bundle);
rmSync(bundle);

// Sixteen columns, as an order of a shop has them: name, type of the config, Connect's schema, value as DMS and Debezium write it.
const iso = ms => new Date(ms).toISOString();
const T0 = Date.UTC(2024, 6, 29);
const same = f => [f, f];
const COLUMNS = [
  ['id', 'long', 'bigint', { type: 'int64' }, ...same(i => 1_000_000 + i)],
  ['customer_id', 'long', 'bigint', { type: 'int64' }, ...same(i => 90_000 + (i % 7919))],
  [
    'status',
    'string',
    'varchar(20)',
    { type: 'string' },
    ...same(i => ['new', 'paid', 'shipped', 'returned'][i % 4]),
  ],
  ['priority', 'int', 'int', { type: 'int32' }, ...same(i => i % 5)],
  [
    'total',
    'decimal(12,2)',
    'decimal(12,2)',
    { type: 'bytes', name: 'org.apache.kafka.connect.data.Decimal', parameters: { scale: '2' } },
    i => Number(`${1000 + (i % 90_000)}.${10 + (i % 90)}`),
    i => {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32BE((1000 + (i % 90_000)) * 100 + 10 + (i % 90));
      return bytes.toString('base64');
    },
  ],
  ['weight', 'double', 'double', { type: 'double' }, ...same(i => (i % 1000) / 8)],
  [
    'ordered_on',
    'date',
    'date',
    { type: 'int32', name: 'io.debezium.time.Date' },
    i => iso(T0 + (i % 400) * 864e5).slice(0, 10),
    i => T0 / 864e5 + (i % 400),
  ],
  [
    'created_at',
    'timestamp',
    'datetime',
    { type: 'int64', name: 'io.debezium.time.Timestamp' },
    i => iso(T0 + i * 1000),
    i => T0 + i * 1000,
  ],
  [
    'updated_at',
    'timestamp',
    'datetime(6)',
    { type: 'int64', name: 'io.debezium.time.MicroTimestamp' },
    i => iso(T0 + i * 1001).replace('Z', '123Z'),
    i => (T0 + i * 1001) * 1000 + 123,
  ],
  ['email', 'string', 'varchar(80)', { type: 'string' }, ...same(i => `customer.${i % 7919}@example.com`)],
  [
    'city',
    'string',
    'varchar(80)',
    { type: 'string' },
    ...same(i => ['Zürich', 'Köln', 'Lyon', 'Graz'][i % 4]),
  ],
  ['country', 'string', 'char(2)', { type: 'string' }, ...same(i => ['CH', 'DE', 'FR', 'AT'][i % 4])],
  ['coupon', 'string', 'varchar(20)', { type: 'string' }, ...same(i => (i % 3 === 0 ? null : `C${i % 100}`))],
  ['is_gift', 'boolean', 'boolean', { type: 'boolean' }, ...same(i => i % 2 === 0)],
  [
    'note',
    'string',
    'text',
    { type: 'string' },
    ...same(i => `leave it at the door, please; parcel ${i} of the day`),
  ],
  [
    'uuid',
    'string',
    'char(36)',
    { type: 'string' },
    ...same(i => `0e37df36-f698-11e6-8dd4-${String(i).padStart(12, '0')}`),
  ],
];
const rowOf = (i, writer) => Object.fromEntries(COLUMNS.map(c => [c[0], c[4 + writer](i)]));
const valueSchema = field => ({
  type: 'struct',
  fields: COLUMNS.map(([name, , , connect]) => ({ ...connect, optional: name !== 'id', field: name })),
  optional: true,
  name: 'shop.orders.Value',
  field,
});
const sourceFields = [
  'version',
  'connector',
  'name',
  'ts_ms',
  'snapshot',
  'db',
  'sequence',
  'table',
  'server_id',
  'gtid',
  'file',
  'pos',
  'row',
  'thread',
  'query',
];
const schema = {
  type: 'struct',
  fields: [
    valueSchema('before'),
    valueSchema('after'),
    {
      type: 'struct',
      fields: sourceFields.map(field => ({ type: 'string', optional: true, field })),
      optional: false,
      name: 'io.debezium.connector.mysql.Source',
      field: 'source',
    },
    { type: 'string', optional: false, field: 'op' },
    { type: 'int64', optional: true, field: 'ts_ms' },
  ],
  optional: false,
  name: 'shop.orders.Envelope',
  version: 2,
};
const change = i => ({
  before: i % 2 ? rowOf(i, 1) : null,
  after: rowOf(i, 1),
  source: {
    version: '2.7.0.Final',
    connector: 'mysql',
    name: 'shop',
    ts_ms: T0 + i,
    snapshot: 'false',
    db: 'shop',
    sequence: null,
    table: 'orders',
    server_id: 1,
    gtid: null,
    file: 'mysql-bin.000007',
    pos: 4 + i * 300,
    row: 0,
    thread: 5,
    query: null,
  },
  op: i % 2 ? 'u' : 'c',
  ts_ms: T0 + i,
  transaction: null,
});
const RECORDS = {
  dms: i => ({
    ...(i % 2 ? { 'before-image': { id: 1_000_000 + i } } : {}),
    data: rowOf(i, 0),
    metadata: {
      timestamp: iso(T0 + i),
      'record-type': 'data',
      operation: i % 2 ? 'update' : 'insert',
      'partition-key-type': 'schema-table',
      'schema-name': 'shop',
      'table-name': 'orders',
      'commit-timestamp': iso(T0 + i),
      'transaction-id': 1141,
      'transaction-record-id': 1,
    },
  }),
  debezium: change,
  'debezium with schemas': i => ({ schema, payload: change(i) }),
  'service-event': i => ({
    source: 'orders',
    type: i % 2 ? 'update' : 'create',
    data: rowOf(i, 0),
    aws_request_id: `r-${i}`,
    version: '1',
    event_date: iso(T0 + i),
    uuid: '0e37df36-f698-11e6-8dd4-cb9ced3df976',
    user_id: 7,
  }),
  json: i => rowOf(i, 0),
};

// The same orders in Avro, as ServiceEvents: the writer's schema is known, as it is to a process after its first batch.
const AVRO_TYPES = {
  id: 'long',
  customer_id: 'long',
  priority: 'int',
  total: { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 2 },
  weight: 'double',
  ordered_on: { type: 'int', logicalType: 'date' },
  created_at: { type: 'long', logicalType: 'timestamp-millis' },
  updated_at: { type: 'long', logicalType: 'timestamp-micros' },
  is_gift: 'boolean',
};
const ENVELOPE = ['source', 'type', 'aws_request_id', 'version', 'uuid'];
const avroEvent = {
  type: 'record',
  name: 'OrderEvent',
  fields: [
    ...ENVELOPE.map(name => ({ name, type: 'string' })),
    { name: 'event_date', type: { type: 'long', logicalType: 'timestamp-micros' } },
    { name: 'user_id', type: ['null', 'long'] },
    {
      name: 'data',
      type: {
        type: 'record',
        name: 'Order',
        fields: COLUMNS.map(([name]) => ({
          name,
          type: name === 'id' ? 'long' : ['null', AVRO_TYPES[name] ?? 'string'],
        })),
      },
    },
  ],
};
const writer = avroSchema(avroEvent, 'writer');
const avroType = Type.forSchema(avroEvent, { wrapUnions: false });
const head = Buffer.from(`c301${writer.fingerprint}`, 'hex');
const avroRecord = i => {
  const { data, event_date: _, ...event } = RECORDS['service-event'](i);
  const row = {
    ...data,
    ...Object.fromEntries(
      ['ordered_on', 'created_at', 'updated_at', 'total'].map(name => [name, rowOf(i, 1)[name]]),
    ),
  };
  row.total = Buffer.from(row.total, 'base64');
  return Buffer.concat([head, avroType.toBuffer({ ...event, event_date: (T0 + i) * 1000, data: row })]);
};
const schemas = { find: fingerprint => (fingerprint === writer.fingerprint ? writer : undefined) };

const REQUEST = {
  columns: COLUMNS.map(([name, type]) => ({ name, type })),
  written: Object.fromEntries(COLUMNS.map(([name, , written]) => [name, written])),
  key: ['id'],
  refuses: () => undefined,
};

function decode(format, records) {
  const read = messageReader(format, schemas);
  let rows = 0;
  for (let from = 0; from < records.length; from += batch) {
    const changes = [];
    for (const record of records.slice(from, from + batch)) {
      const message = read(record);
      if (message.kind !== 'change') throw new Error(JSON.stringify(message));
      changes.push(message.change);
    }
    const missing = format === 'dms' ? 'null' : 'absent';
    const { batch: decoded } = decodeChanges(changes, { ...REQUEST, bookkeeping: {}, missing });
    if (decoded.bad.length > 0) throw new Error(JSON.stringify(decoded.bad[0]));
    rows += decoded.length;
  }
  return rows;
}

function parse(records) {
  let rows = 0;
  for (const record of records) rows += JSON.parse(record.toString()) ? 1 : 0;
  return rows;
}

const median = list => list.sort((a, b) => a - b)[Math.floor(list.length / 2)];
function timed(work) {
  const from = performance.now();
  if (work() !== count) throw new Error('rows are missing');
  return (count / (performance.now() - from)) * 1000;
}

console.log(
  `${cpus()[0].model}, Node ${process.version}; ${count} records of 16 columns, batches of ${batch}, medians of ${runs}\n`,
);
console.log('format                 bytes   decode/s   auto/s    JSON.parse/s');
const ALL = { ...RECORDS, avro: RECORDS['service-event'] };
for (const [name, make] of Object.entries(ALL)) {
  const texts = Array.from({ length: count }, (_, i) => Buffer.from(JSON.stringify(make(i))));
  const records = name === 'avro' ? texts.map((_, i) => avroRecord(i)) : texts;
  const format = name.split(' ')[0];
  const taken = { own: [], auto: [], parse: [] };
  for (let i = 0; i < runs; i++) {
    taken.own.push(timed(() => decode(format, records)));
    taken.auto.push(timed(() => decode('auto', records)));
    taken.parse.push(timed(() => parse(texts)));
  }
  const bytes = Math.round(records.reduce((sum, r) => sum + r.length, 0) / count);
  const shown = [taken.own, taken.auto, taken.parse].map(t => median(t).toFixed(0).padStart(9));
  console.log(`${name.padEnd(22)} ${String(bytes).padStart(5)}  ${shown.join(' ')}`);
}

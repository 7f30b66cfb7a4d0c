import { OP_DELETE, OP_INSERT, OP_UPDATE } from '../../lib/change/op';
import { valueAt } from '../../lib/columnar/kernels';
import type { Scalar } from '../../lib/columnar/types';
import { type ChangesRequest, decodeChanges, type JsonChange } from '../../lib/formats/json-changes';
import { messageReader, type StreamFormat } from '../../lib/formats/stream-formats';
import type { StreamMessage } from '../../lib/formats/stream-message';

const read = (format: StreamFormat, record: string | object): StreamMessage =>
  messageReader(format)(Buffer.from(typeof record === 'string' ? record : JSON.stringify(record)));

function said(format: StreamFormat, record: string | object): string {
  const message = read(format, record);
  if (message.kind === 'fault') return message.fault.code;
  return message.kind === 'change' ? message.format : message.kind;
}

const EVENT = {
  source: 'addresses',
  type: 'update',
  data: { address_id: 7, city: 'Lyon' },
  aws_request_id: 'r-1',
  version: '1',
  event_date: '2024-07-29T00:59:07.678294+00:00',
  uuid: '0e37df36-f698-11e6-8dd4-cb9ced3df976',
  user_id: 12,
};
const METADATA = { 'record-type': 'data', operation: 'insert', 'schema-name': 's', 'table-name': 't' };
const DMS = { data: { id: 1 }, metadata: METADATA };
const SOURCE = { db: 's', table: 't', ts_ms: 1, file: 'bin.000001', pos: 4, row: 0 };
const DEBEZIUM = { before: null, after: { id: 1 }, source: SOURCE, op: 'c' };
const CONNECT = { schema: { type: 'struct', fields: [] }, payload: DEBEZIUM };

test('auto.shape: each record says itself what it is', () => {
  const cases: [string | object, string][] = [
    [DMS, 'dms'],
    [
      { data: { id: 1 }, metadata: { ...METADATA, 'record-type': 'control', operation: 'drop-table' } },
      'control',
    ],
    [DEBEZIUM, 'debezium'],
    [CONNECT, 'debezium'],
    [{ schema: null, payload: DEBEZIUM }, 'debezium'],
    [{ ...CONNECT, payload: null }, 'ignored'],
    [{ schema: null, payload: null }, 'ignored'],
    ['', 'ignored'],
    ['null', 'ignored'],
    [EVENT, 'service-event'],
    [{}, 'json'],
    [{ id: 1 }, 'json'],
    // Of somebody's own, however alike.
    [{ data: { id: 1 }, metadata: { operation: 'insert' } }, 'json'],
    [{ data: { id: 1 }, metadata: 'insert' }, 'json'],
    [{ op: 'c', source: 'web', before: 1 }, 'json'],
    [{ op: 'c', source: { a: 1 } }, 'json'],
    [{ schema: 's', payload: { a: 1 } }, 'json'],
    [{ schema: 's', payload: null }, 'json'],
    [{ source: 'web', type: 'click', data: { a: 1 } }, 'json'],
    [{ ...EVENT, data: 'x' }, 'json'],
    // Of a format, and broken within: never something plainer.
    [{ ...DMS, metadata: { ...METADATA, operation: 'upsert' } }, 'TM_2121'],
    [{ ...DEBEZIUM, op: 'x' }, 'TM_2124'],
    [{ ...CONNECT, payload: { a: 1 } }, 'TM_2124'],
    [{ ...EVENT, type: 'upsert' }, 'TM_2125'],
    [{ ...DMS, metadata: { ...METADATA, operation: 'constructor' } }, 'TM_2121'],
    [{ ...DEBEZIUM, op: 'constructor' }, 'TM_2124'],
    [{ ...EVENT, type: 'toString' }, 'TM_2125'],
    [JSON.stringify(EVENT).slice(0, -1), 'TM_2112'],
    ['[]', 'TM_2112'],
    ['7', 'TM_2112'],
  ];
  expect(cases.map(([record]) => [record, said('auto', record)])).toEqual(cases);
});

test('auto.strict: a declared format takes no other', () => {
  const records = [DMS, DEBEZIUM, EVENT];
  expect(records.map(record => said('dms', record))).toEqual(['dms', 'TM_2121', 'TM_2121']);
  expect(records.map(record => said('debezium', record))).toEqual(['TM_2124', 'debezium', 'TM_2124']);
  expect(records.map(record => said('service-event', record))).toEqual([
    'TM_2125',
    'TM_2125',
    'service-event',
  ]);
  expect(records.map(record => said('json', record))).toEqual(['json', 'json', 'json']);
  expect(said('json', '')).toBe('TM_2112');
});

test('service-event.types and faults', () => {
  const changeOf = (type: string) =>
    (read('service-event', { ...EVENT, type }) as { change: JsonChange }).change;
  expect(['create', 'update', 'delete'].map(type => changeOf(type).op)).toEqual([
    OP_INSERT,
    OP_UPDATE,
    OP_DELETE,
  ]);
  expect(changeOf('create').changedAt).toBe(EVENT.event_date);
  const { source: _, ...nameless } = EVENT;
  const { event_date: __, ...dateless } = EVENT;
  const bad = [
    nameless,
    dateless,
    { ...EVENT, source: '' },
    { ...EVENT, type: 'CREATE' },
    { ...EVENT, data: null },
  ];
  expect(bad.map(record => said('service-event', record))).toEqual(Array(5).fill('TM_2125'));
  const twice = JSON.stringify(EVENT).replace('"type":', '"type":"create","type":');
  expect(said('service-event', twice)).toBe('TM_2125');
});

test('service-event.columns: what the envelope says fills the columns that the table declares', () => {
  const request: ChangesRequest = {
    columns: [
      { name: 'address_id', type: 'long' },
      { name: 'aws_request_id', type: 'string' },
      { name: 'insights_event_type', type: 'string' },
      { name: 'user_id', type: 'long' },
      { name: 'uuid', type: 'string' },
    ],
    // The table has a column uuid from its rows; the config does not declare it.
    written: {
      address_id: 'bigint',
      aws_request_id: 'string',
      insights_event_type: 'string',
      user_id: 'bigint',
    },
    key: ['address_id'],
    bookkeeping: {},
    missing: 'absent',
    refuses: () => undefined,
  };
  const own = { ...EVENT, data: { address_id: 8, user_id: 3, zip: '69001' } };
  const changes = [EVENT, own].map(event => (read('auto', event) as { change: JsonChange }).change);
  const { columns, batch } = decodeChanges(changes, request);
  const rows = [0, 1].map(i =>
    Object.fromEntries(columns.map((c, k): [string, Scalar] => [c.name, valueAt(batch.columns[k]!, i)])),
  );
  const filled = { aws_request_id: 'r-1', insights_event_type: 'update', uuid: null };
  expect(rows).toEqual([
    { address_id: 7n, city: 'Lyon', zip: null, user_id: 12n, ...filled },
    { address_id: 8n, city: null, zip: '69001', user_id: 3n, ...filled },
  ]);
  const absent = columns.map((c, k) => [c.name, [...(batch.absent?.[k]?.slice(0, 2) ?? [0, 0])]]);
  expect(Object.fromEntries(absent)).toMatchObject({
    uuid: [1, 1],
    city: [0, 1],
    zip: [1, 0],
    user_id: [0, 0],
    aws_request_id: [0, 0],
  });
  expect(valueAt(batch.changedAt!, 0)).toBe(BigInt(Date.UTC(2024, 6, 29, 0, 59, 7, 678)) * 1000n + 294n);
});

test('control: what a record of DMS says of its table', () => {
  const control = (operation: string, payload: object) =>
    read('auto', {
      control: payload,
      metadata: { ...METADATA, 'record-type': 'control', operation },
    });
  const note = { kind: 'control', format: 'dms', schema: 's', table: 't' };
  const columns = { id: { nullable: false, type: 'INT32' }, name: { type: 'WSTRING', length: 40 } };
  expect(control('create-table', { 'table-def': { columns, 'primary-key': ['id'] } })).toEqual({
    ...note,
    operation: 'create-table',
    columns: [
      { name: 'id', type: 'INT32', nullable: false },
      { name: 'name', type: 'WSTRING' },
    ],
  });
  expect(control('drop-table', {})).toEqual({ ...note, operation: 'drop-table' });
  const spoken = { columns: [{ 'column-name': 'a', 'old-name': 'b', type: 'INT64' }, 'c'] };
  expect(control('rename-column', spoken)).toEqual({
    ...note,
    operation: 'rename-column',
    columns: [{ name: 'a', was: 'b', type: 'INT64' }, { name: 'c' }],
    detail: JSON.stringify(spoken),
  });
  // What nobody has documented is kept as it stands.
  for (const operation of [
    'add-column',
    'drop-column',
    'column-type-change',
    'rename-table',
    'change-columns',
  ])
    expect(control(operation, { new: 7 })).toEqual({ ...note, operation, detail: '{"new":7}' });
});

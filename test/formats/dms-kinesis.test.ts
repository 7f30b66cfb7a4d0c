import fc from 'fast-check';
import { OP_DELETE, OP_INSERT, OP_UPDATE } from '../../lib/change/op';
import { isNull, valueAt } from '../../lib/columnar/kernels';
import type { Scalar } from '../../lib/columnar/types';
import { type ChangesRequest, decodeChanges, type JsonChange } from '../../lib/formats/json-changes';
import { messageReader } from '../../lib/formats/stream-formats';
import type { StreamMessage } from '../../lib/formats/stream-message';

const read = (text: string | object): StreamMessage =>
  messageReader('dms')(Buffer.from(typeof text === 'string' ? text : JSON.stringify(text)));

function changeOf(text: string | object): JsonChange {
  const message = read(text);
  if (message.kind !== 'change') throw new Error(JSON.stringify(message));
  return message.change;
}

const REQUEST: ChangesRequest = {
  columns: [
    { name: 'id', type: 'long' },
    { name: 'name', type: 'string' },
    { name: 'price', type: 'decimal(20,2)' },
    { name: 'bytes', type: 'binary' },
    { name: 'at', type: 'timestamp' },
    { name: 'live', type: 'boolean' },
  ],
  key: ['id'],
  bookkeeping: { sequence: 'AR_H_CHANGE_SEQ' },
  missing: 'null',
  refuses: () => undefined,
};

function decode(texts: readonly (string | object)[], request: Partial<ChangesRequest> = {}) {
  const { columns, batch } = decodeChanges(texts.map(changeOf), { ...REQUEST, ...request });
  const rows = Array.from({ length: batch.length }, (_, i) =>
    Object.fromEntries(columns.map((c, k): [string, Scalar] => [c.name, valueAt(batch.columns[k]!, i)])),
  );
  return { columns, batch, rows };
}

const record = (operation: string, data: object, rest: object = {}, metadata: object = {}) => ({
  data,
  metadata: {
    'record-type': 'data',
    operation,
    'schema-name': 'shop',
    'table-name': 'items',
    timestamp: '2024-07-29T00:57:35.691762Z',
    ...metadata,
  },
  ...rest,
});

// The records of the documentation, as they stand in it.
const LOAD =
  '{"data":{"id":42,"name":"John"},"metadata":{"timestamp":"2024-07-29T00:57:35.691762Z","record-type":"data","operation":"load","partition-key-type":"primary-key","schema-name":"public","table-name":"foo"}}';
const UPDATE =
  '{"before-image":{"id":46},"data":{"age":31,"id":45,"name":"Jane"},"metadata":{"commit-timestamp":"2024-07-29T00:59:07.678294Z","operation":"update","partition-key-type":"schema-table","prev-transaction-id":1140,"prev-transaction-record-id":1,"record-type":"data","schema-name":"public","stream-position":"00000002/7C0073F8.2.00000002/7C0073F8","table-name":"foo","timestamp":"2024-07-29T00:59:07.686557Z","transaction-id":1141,"transaction-record-id":1}}';
const CREATE =
  '{"control":{"table-def":{"columns":{"id":{"nullable":false,"type":"INT32"}},"primary-key":["id"]}},"metadata":{"operation":"create-table","record-type":"control","schema-name":"public","table-name":"foo"}}';

test('message.documented records are what they are documented to be', () => {
  expect(read(LOAD)).toMatchObject({ kind: 'change', schema: 'public', table: 'foo', load: true });
  expect(changeOf(LOAD).op).toBe(OP_INSERT);
  expect(read(UPDATE)).toMatchObject({ kind: 'change', load: false });
  expect(changeOf(UPDATE)).toMatchObject({ op: OP_UPDATE, changedAt: '2024-07-29T00:59:07.678294Z' });
  expect(read(CREATE)).toEqual({
    kind: 'control',
    format: 'dms',
    schema: 'public',
    table: 'foo',
    operation: 'create-table',
    columns: [{ name: 'id', type: 'INT32', nullable: false }],
  });
  const { batch, columns, rows } = decode([LOAD, UPDATE]);
  expect(columns.map(c => c.name)).toContain('age');
  expect(rows).toMatchObject([
    { id: 42n, name: 'John', age: null },
    { id: 45n, name: 'Jane', age: '31' },
  ]);
  expect(valueAt(batch.before!.get('id')!, 1)).toBe(46n);
  expect(isNull(batch.before!.get('id')!, 0)).toBe(true);
  expect(valueAt(batch.changedAt!, 1)).toBe(BigInt(Date.UTC(2024, 6, 29, 0, 59, 7, 678)) * 1000n + 294n);
  expect(isNull(batch.changedAt!, 0)).toBe(true);
});

test("message.own: the tables that DMS keeps for itself are nobody's data", () => {
  expect(read(record('insert', { a: 1 }, {}, { 'table-name': 'awsdms_apply_exceptions' })).kind).toBe(
    'ignored',
  );
  expect(
    read({ control: {}, metadata: { operation: 'create-table', 'table-name': 'AWSDMS_status' } }).kind,
  ).toBe('ignored');
});

test('message.control: every kind is noted, none is a fault', () => {
  for (const operation of ['rename-table', 'drop-table', 'change-columns', 'add-column', 'something-new'])
    expect(read(record(operation, {}, {}, { 'record-type': 'control' }))).toMatchObject({
      kind: 'control',
      operation,
    });
});

test('message.fault: what DMS does not write', () => {
  const codes = [
    '',
    'null',
    '[]',
    '"text"',
    '{"data":{"id":1}}',
    '{"data":{"id":1},"metadata":"insert"}',
    '{"data":{"id":1},"metadata":{"operation":"insert"}}',
    '{"data":{"id":1},"metadata":{"operation":"upsert","table-name":"t"}}',
    '{"metadata":{"operation":"insert","table-name":"t"}}',
    '{"data":[1],"metadata":{"operation":"insert","table-name":"t"}}',
    '{"data":{},"data":{},"metadata":{"operation":"insert","table-name":"t"}}',
    '{"data":{"id":1},"metadata":{"operation":"insert","table-name":"t"}} x',
  ].map(text => {
    const message = read(text);
    return message.kind === 'fault' ? message.fault.code : message.kind;
  });
  expect(codes).toEqual([...Array(4).fill('TM_2112'), ...Array(7).fill('TM_2121'), 'TM_2112']);
  const bytes = Uint8Array.from([...Buffer.from('{"data":{"a":"'), 0xff, ...Buffer.from('"}}')]);
  expect(messageReader('dms')(bytes)).toMatchObject({ kind: 'fault', fault: { code: 'TM_2105' } });
});

test('message.any bytes are read without an exception', () => {
  const part = fc.constantFrom(
    '"metadata":',
    '"data":',
    '{',
    '}',
    '"operation":"insert"',
    ',',
    '"a":1',
    'null',
    '\\u',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(part).map(p => p.join('')),
      ),
      text => {
        expect(typeof read(text).kind).toBe('string');
      },
    ),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
      expect(typeof messageReader('dms')(bytes).kind).toBe('string');
    }),
  );
});

test('missing.null: a column left out is NULL, of known columns all', () => {
  const { batch, rows } = decode([record('insert', { id: 1 }), record('update', { id: 1, name: 'x' })]);
  expect(rows).toEqual([
    { id: 1n, name: null, price: null, bytes: null, at: null, live: null },
    { id: 1n, name: 'x', price: null, bytes: null, at: null, live: null },
  ]);
  expect(batch.absent).toBeUndefined();
});

test('missing.absent: a column left out is not NULL', () => {
  const { batch, columns } = decode([record('update', { id: 1, name: null })], { missing: 'absent' });
  const flags = Object.fromEntries(columns.map((c, k) => [c.name, batch.absent?.[k]?.[0] ?? 0]));
  expect(flags).toEqual({ id: 0, name: 0, price: 1, bytes: 1, at: 1, live: 1 });
});

test('value.types: as DMS writes them', () => {
  const data =
    '{"id":9223372036854775807,"name":"a\\"é\\u0041","price":12345678901234567.89,"bytes":"0xFF00","at":"2024-02-29T23:59:59.123456Z","live":true}';
  const { rows } = decode([JSON.stringify(record('insert', {})).replace('"data":{}', `"data":${data}`)]);
  expect(rows).toEqual([
    {
      id: (1n << 63n) - 1n,
      name: 'a"éA',
      price: 1234567890123456789n,
      bytes: Uint8Array.from([255, 0]),
      at: BigInt(Date.UTC(2024, 1, 29, 23, 59, 59, 123)) * 1000n + 456n,
      live: true,
    },
  ]);
});

test('value.scientific: exact, or a bad row', () => {
  const insert = (id: string) =>
    JSON.stringify(record('insert', {})).replace('"data":{}', `"data":{"id":${id},"price":1}`);
  const { batch, rows } = decode(
    ['1.5E3', '1.2345678901234568E18', '1.234567890123456789E18', '1E-1'].map(insert),
  );
  expect(rows.map(r => r.id)).toEqual([1500n, 1234567890123456789n]);
  expect(batch.bad.map(b => [b.row, b.code, b.column])).toEqual([
    [1, 'TM_2122', 'id'],
    [3, 'TM_2103', 'id'],
  ]);
});

test('value.scientific: the key is exact though its type is not declared', () => {
  const insert = (id: string) =>
    JSON.stringify(record('insert', {})).replace('"data":{}', `"data":{"id":${id},"x":${id}}`);
  const { batch, rows } = decode(['1.5E3', '1.0E18'].map(insert), { columns: [] });
  expect(rows).toEqual([{ id: '1500', x: '1.5E3' }]);
  expect(batch.bad.map(b => b.code)).toEqual(['TM_2122']);
});

test('delete.key alone, in the row or in the before-image', () => {
  const { batch, rows } = decode([
    record('delete', { id: 45, name: null }),
    record('delete', {}, { 'before-image': { id: 46 } }),
    { 'before-image': { id: 47 }, metadata: record('delete', {}).metadata },
  ]);
  expect([...batch.ops]).toEqual([OP_DELETE, OP_DELETE, OP_DELETE]);
  expect(rows.map(r => r.id)).toEqual([45n, 46n, 47n]);
});

test('before.key: the parts of a key that a before-image lacks did not change', () => {
  const { batch } = decode(
    [
      record('update', { id: 1, name: 'new' }, { 'before-image': { name: 'old' } }),
      record('update', { id: 2, name: 'x' }),
    ],
    { key: ['id', 'name'] },
  );
  expect([0, 1].map(i => valueAt(batch.before!.get('name')!, i))).toEqual(['old', null]);
  const both = decode(
    [
      record('update', { id: 1, name: 'new' }, { 'before-image': { name: 'old' } }),
      record('update', { id: 2, name: 'x' }, { 'before-image': { id: 3 } }),
    ],
    { key: ['id', 'name'] },
  ).batch.before!;
  expect([0, 1].map(i => valueAt(both.get('id')!, i))).toEqual([1n, 3n]);
  expect([0, 1].map(i => valueAt(both.get('name')!, i))).toEqual(['old', 'x']);
});

test('sequence.column orders, and is no column of the table', () => {
  const seq = '20240729005907670000000000000000123';
  const { batch, columns } = decode([
    record('update', { id: 1, AR_H_CHANGE_SEQ: seq }),
    record('load', { id: 2 }),
  ]);
  expect(columns.map(c => c.name)).not.toContain('AR_H_CHANGE_SEQ');
  expect([0, 1].map(i => valueAt(batch.sequence!, i))).toEqual([seq, null]);
});

test('columns.case: names that differ in case alone are one column', () => {
  const { columns, rows, batch } = decode([
    record('insert', { ID: 1, Extra: 'a' }),
    record('insert', { id: 2, extra: 'b' }),
    record('insert', { id: 3, ID: 4 }),
  ]);
  expect(columns.map(c => c.name).filter(n => /id|extra/i.test(n))).toEqual(['id', 'Extra']);
  expect(rows.map(r => [r.id, r.Extra])).toEqual([
    [1n, 'a'],
    [2n, 'b'],
  ]);
  expect(batch.bad.map(b => [b.row, b.code])).toEqual([[2, 'TM_2112']]);
});

test('columns.bad: a record that is left out gives the table no column', () => {
  const { columns, batch } = decode(
    [
      record('insert', { id: 'x', onlyHere: 1 }),
      record('insert', { id: 1, 'no good': 2 }),
      record('insert', { id: 2 }),
    ],
    { refuses: name => (name === 'no good' ? { code: 'TM_2323', reason: 'no' } : undefined) },
  );
  expect(columns).toEqual(REQUEST.columns);
  expect(batch.length).toBe(1);
  expect(batch.bad.map(b => [b.row, b.code])).toEqual([
    [0, 'TM_2103'],
    [1, 'TM_2323'],
  ]);
});

test('columns.many: one record cannot make the table as wide as it likes', () => {
  const wide = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`c${i}`, i]));
  const { columns, batch } = decode([record('insert', { id: 1, ...wide }), record('insert', { id: 2 })]);
  expect(columns.length).toBe(REQUEST.columns.length);
  expect(batch.bad.map(b => b.code)).toEqual(['TM_2123']);
});

test('columns.bound: what a bad record names counts for nothing, what is over it waits, and the others go on', () => {
  const named = (from: number, to: number) =>
    Object.fromEntries(Array.from({ length: to - from }, (_, i) => [`c${from + i}`, 1]));
  const { columns, batch } = decode(
    [
      record('insert', { id: 'x', ...named(0, 4) }),
      record('insert', { id: 1, ...named(10, 13) }),
      record('insert', { id: 2, ...named(20, 23) }),
      // Columns that the bad one brought, and one more.
      record('insert', { id: 3, ...named(0, 3) }),
      record('insert', { id: 4, ...named(10, 13), ...named(0, 2) }),
      record('insert', { id: 5, c0: 1, c99: 1 }),
      record('insert', { id: 6 }),
    ],
    { newColumnsMax: 5 },
  );
  expect(batch.bad.map(b => [b.row, b.code])).toEqual([
    [0, 'TM_2103'],
    [2, 'TM_2123'],
    [3, 'TM_2123'],
    [5, 'TM_2123'],
  ]);
  const brought = columns.slice(REQUEST.columns.length).map(({ name }) => name);
  expect(brought).toEqual(['c0', 'c1', 'c10', 'c11', 'c12']);
});

test('decode.property: rows come as they were sent, and a bad one takes no other along', () => {
  const row = fc.record(
    {
      id: fc.bigInt(-(1n << 63n), (1n << 63n) - 1n),
      name: fc.option(fc.string({ unit: 'grapheme' })),
      live: fc.option(fc.boolean()),
      more: fc.option(fc.string()),
    },
    { requiredKeys: ['id'] },
  );
  const sent = fc.array(fc.record({ row, bad: fc.boolean() }), { maxLength: 20 });
  fc.assert(
    fc.property(sent, all => {
      const texts = all.map(({ row: { id, ...rest }, bad }) => {
        const data = JSON.stringify({ ...rest, ...(bad ? { live: 'maybe' } : {}) });
        const members = data === '{}' ? '' : `,${data.slice(1, -1)}`;
        return `{"metadata":{"operation":"insert","table-name":"t"},"data":{"id":${id}${members}}}`;
      });
      const { rows, batch } = decode(texts);
      expect(batch.bad.map(b => b.row)).toEqual(all.flatMap(({ bad }, i) => (bad ? [i] : [])));
      const good = all
        .filter(({ bad }) => !bad)
        .map(({ row: { id, name, live, more } }) => ({ id, name, live, more }));
      expect(rows.map(({ id, name, live, more }) => ({ id, name, live, more }))).toEqual(
        good.map(r => ({
          id: r.id,
          name: r.name ?? null,
          live: r.live ?? null,
          more: good.some(g => g.more !== undefined) ? (r.more ?? null) : undefined,
        })),
      );
    }),
  );
});

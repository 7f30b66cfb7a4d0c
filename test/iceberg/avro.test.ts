import { deflateRawSync } from 'node:zlib';
import avsc from 'avsc';
import { readContainer, writeContainer } from '../../lib/iceberg/avro';
import type { AvroLayout, AvroNode } from '../../lib/iceberg/avro-type';

const schema: AvroNode = {
  type: 'record',
  name: 'r',
  fields: [
    { name: 'größe', type: 'string', 'field-id': 1 },
    { name: 'n', type: ['null', 'long'], default: null, 'field-id': 2 },
    {
      name: 'exact',
      type: ['null', { type: 'long', logicalType: 'timestamp-micros' }],
      default: null,
      'field-id': 3,
    },
  ],
};
const layout: AvroLayout = { names: new Map([[1, 'text']]), exact: new Set([3]) };
const rows = Array.from({ length: 3000 }, (_, i) => ({
  text: `${i} ${'x'.repeat(500)}`,
  _2: i % 3 ? i : null,
  _3: i % 2 ? 9223372036854775807n - BigInt(i) : null,
}));

/** A container around given blocks, as another writer may make it. */
function container(codec: string, blocks: { count: number; body: Uint8Array }[]): Uint8Array {
  const long = (n: number) => avsc.Type.forSchema('long').toBuffer(n);
  const meta = { type: 'map', values: 'bytes' } as const;
  const header = { 'avro.schema': Buffer.from(JSON.stringify(schema)), 'avro.codec': Buffer.from(codec) };
  const sync = Buffer.alloc(16, 5);
  const framed = blocks.flatMap(b => [long(b.count), long(b.body.length), b.body, sync]);
  return Buffer.concat([
    Buffer.from('Obj\x01', 'latin1'),
    avsc.Type.forSchema(meta).toBuffer(header),
    sync,
    ...framed,
  ]);
}

const plain = (i: number) => Buffer.concat([Buffer.of(2, 48 + i), Buffer.of(2, 2 * i), Buffer.of(0)]);
const small = { count: 2, body: Buffer.concat([plain(1), plain(2)]) };
const smallRows = [
  { text: '1', _2: 1, _3: null },
  { text: '2', _2: 2, _3: null },
];
const read = (bytes: Uint8Array) =>
  Array.from(readContainer(bytes, layout, 'm0.avro').records, r => ({ ...(r as object) }));

describe('avro', () => {
  test('roundtrip.many blocks, names by id, exact longs', () => {
    const bytes = writeContainer(schema, layout, rows, { own: 'größe' });
    expect(read(bytes)).toEqual(rows);
    const { meta, schema: written } = readContainer(bytes, layout, 'm');
    expect(meta.own).toBe('größe');
    expect(written).toEqual(schema);
    expect(read(writeContainer(schema, layout, [], {}))).toEqual([]);
  });

  test('write.is deterministic', () => {
    const write = (records: object[]) => Buffer.from(writeContainer(schema, layout, records, {}));
    expect(write(rows).equals(write(rows))).toBe(true);
    expect(
      write(rows)
        .subarray(-16)
        .equals(write(rows.slice(1)).subarray(-16)),
    ).toBe(false);
  });

  test("read.with avsc's own container reader", async () => {
    const ascii: AvroNode = {
      ...schema,
      fields: schema.fields!.map(f => ({ ...f, name: `f${f['field-id']}` })),
    };
    const bytes = writeContainer(
      ascii,
      layout,
      rows.slice(0, 50).map(r => ({ ...r, _3: null })),
      {},
    );
    const decoder = new avsc.streams.BlockDecoder();
    const got: { f1: string; f2: number | null }[] = [];
    decoder.on('data', record => got.push(record));
    decoder.end(bytes);
    await new Promise(resolve => decoder.on('end', resolve));
    expect(got.map(r => [r.f1, r.f2])).toEqual(rows.slice(0, 50).map(r => [r.text, r._2]));
  });

  test('read.codecs', () => {
    expect(read(container('null', [small, small]))).toEqual([...smallRows, ...smallRows]);
    expect(read(container('deflate', [{ count: 2, body: deflateRawSync(small.body) }]))).toEqual(smallRows);
    expect(() => read(container('bzip2', [small]))).toThrow('TM_4011');
  });

  test('read.damage is an error that names the file', () => {
    const bytes = Buffer.from(writeContainer(schema, layout, rows.slice(0, 20), {}));
    expect(() => read(Buffer.from('PAR1 no avro at all'))).toThrow(/TM_4010.*m0\.avro/);
    for (const end of [3, 20, 200, bytes.length - 17, bytes.length - 1]) {
      expect(() => read(bytes.subarray(0, end))).toThrow('TM_4010');
    }
    for (const codec of ['deflate', 'snappy', 'zstandard']) {
      expect(() => read(container(codec, [small]))).toThrow('TM_4010');
    }
    expect(() => read(container('null', [{ ...small, count: 9 }]))).toThrow('TM_4010');
  });

  test('read.a field without an id is refused', () => {
    const bare: AvroNode = { type: 'record', name: 'r', fields: [{ name: 'a', type: 'int' }] };
    expect(() => writeContainer(bare, layout, [], {})).toThrow('TM_4010');
  });
});

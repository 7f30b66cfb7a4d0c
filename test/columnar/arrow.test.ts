import * as a from 'apache-arrow';
import fc from 'fast-check';
import { fromArrowIpc, fromArrowTable, fromArrowVector, toArrowIpc } from '../../lib/columnar/arrow';
import { sliceBatch, valueAt } from '../../lib/columnar/kernels';
import type { Scalar } from '../../lib/columnar/types';
import { ALL_FIELDS, batchOf, rowsOfAllTypes } from './arbitraries';

const code = (n: string) => expect.objectContaining({ code: n });

function scalars(vector: a.Vector): { type: string; values: Scalar[] } {
  const column = fromArrowVector(vector, 'c');
  return { type: column.type, values: Array.from({ length: column.length }, (_, i) => valueAt(column, i)) };
}

test('arrow.roundtrip: every type through an IPC stream, slices too', () => {
  fc.assert(
    fc.property(rowsOfAllTypes, fc.nat(5), (rows, skip) => {
      const from = Math.min(skip, rows.length);
      const batch = sliceBatch(batchOf(ALL_FIELDS, rows), from, rows.length);
      const columns = fromArrowTable(fromArrowIpc(toArrowIpc(batch)));
      expect(columns.map(c => c.fieldId)).toEqual(ALL_FIELDS.map(f => f.id));
      expect(columns.map(c => c.column.type)).toEqual(ALL_FIELDS.map(f => f.type));
      const back = rows.slice(from).map((_, i) => columns.map(c => valueAt(c.column, i)));
      expect(back).toEqual(rows.slice(from));
    }),
    { numRuns: 40 },
  );
});

test.each<[string, a.DataType, ArrayBufferView, string, Scalar[]]>([
  ['int8', new a.Int8(), Int8Array.of(-1, 2), 'int', [-1, 2]],
  ['uint16', new a.Uint16(), Uint16Array.of(65535), 'int', [65535]],
  ['uint32', new a.Uint32(), Uint32Array.of(2 ** 32 - 1), 'long', [4294967295n]],
  ['uint64', new a.Uint64(), BigUint64Array.of(2n ** 64n - 1n), 'decimal(20,0)', [2n ** 64n - 1n]],
  ['seconds', new a.TimestampSecond(), BigInt64Array.of(-1n), 'timestamp', [-1_000_000n]],
  ['millis', new a.TimestampMillisecond('UTC'), BigInt64Array.of(-1n), 'timestamptz', [-1000n]],
  ['nanos', new a.TimestampNanosecond(), BigInt64Array.of(-5000n), 'timestamp', [-5n]],
])('arrow.decode: %s', (_, type, data, lake, values) => {
  const vector = new a.Vector([a.makeData({ type, data } as never)]);
  expect(scalars(vector)).toEqual({ type: lake, values });
});

test('arrow.decode: nanoseconds that are no whole microseconds are an error, unless they are NULL', () => {
  const type = new a.TimestampNanosecond();
  const data = BigInt64Array.of(1000n, 1n);
  expect(() => scalars(new a.Vector([a.makeData({ type, data } as never)]))).toThrow(code('TM_4106'));
  const nulls = { type, data, nullCount: 1, nullBitmap: Uint8Array.of(1) };
  expect(scalars(new a.Vector([a.makeData(nulls as never)])).values).toEqual([1n, null]);
});

test('arrow.decode: dictionaries, large strings and chunks are one column', () => {
  const words = a.vectorFromArray(['b', null, 'a', 'b'], new a.Dictionary(new a.Utf8(), new a.Int32()));
  expect(scalars(words)).toEqual({ type: 'string', values: ['b', null, 'a', 'b'] });
  const large = a.vectorFromArray(['x', null, 'yy'], new a.LargeUtf8());
  expect(scalars(large)).toEqual({ type: 'string', values: ['x', null, 'yy'] });
  const chunks = a.vectorFromArray([1, null, 3], new a.Int32()).concat(a.vectorFromArray([4], new a.Int32()));
  expect(scalars(chunks).values).toEqual([1, null, 3, 4]);
  expect(scalars(chunks.slice(1, 4)).values).toEqual([null, 3, 4]);
});

test('arrow.decode: a slice of booleans starts at its own bit', () => {
  const flags = a.vectorFromArray(
    [true, false, null, true, true, false, false, true, true, null],
    new a.Bool(),
  );
  expect(scalars(flags.slice(3, 10)).values).toEqual([true, true, false, false, true, true, null]);
});

test('arrow.decode: a type without counterpart is refused', () => {
  expect(() => scalars(a.vectorFromArray([1n], new a.TimeMicrosecond()))).toThrow(code('TM_4105'));
  expect(() => scalars(a.vectorFromArray([[1]], new a.List(new a.Field('x', new a.Int32()))))).toThrow(
    code('TM_4105'),
  );
});

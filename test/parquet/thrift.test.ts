import fc from 'fast-check';
import {
  decodeThrift,
  encodeThrift,
  type ThriftStruct,
  ThriftType,
  type ThriftValue,
} from '../../lib/parquet/thrift';

const code = (n: string) => expect.objectContaining({ code: n });

const limit = 2n ** 63n;
const integer = fc.oneof(
  fc.maxSafeInteger(),
  fc.bigInt({ min: -limit, max: limit - 1n }).map(v => (Number.isSafeInteger(Number(v)) ? Number(v) : v)),
);

const { value: anyValue } = fc.letrec<{ value: [number, ThriftValue]; struct: ThriftStruct }>(tie => ({
  struct: fc
    .uniqueArray(fc.tuple(fc.integer({ min: -40, max: 400 }), tie('value')), {
      maxLength: 5,
      selector: p => p[0],
    })
    .map(pairs => ({ fields: pairs.map(([id, [type, value]]) => ({ id, type, value })) })),
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant<[number, ThriftValue]>([ThriftType.true, true]),
    fc.constant<[number, ThriftValue]>([ThriftType.false, false]),
    fc.integer({ min: 0, max: 255 }).map<[number, ThriftValue]>(v => [ThriftType.byte, v]),
    fc.tuple(fc.constantFrom(ThriftType.i16, ThriftType.i32, ThriftType.i64), integer),
    fc.uint8Array({ minLength: 8, maxLength: 8 }).map<[number, ThriftValue]>(v => [ThriftType.double, v]),
    fc.uint8Array({ maxLength: 30 }).map<[number, ThriftValue]>(v => [ThriftType.binary, v]),
    tie('struct').map<[number, ThriftValue]>(v => [ThriftType.struct, v]),
    fc
      .array(tie('struct'), { maxLength: 20 })
      .map<[number, ThriftValue]>(items => [ThriftType.list, { element: ThriftType.struct, items }]),
    fc
      .array(fc.constantFrom(1, 2), { maxLength: 20 })
      .map<[number, ThriftValue]>(items => [ThriftType.set, { element: ThriftType.true, items }]),
  ),
}));
const anyStruct = anyValue.map(([type, value]) => ({ fields: [{ id: 1, type, value }] }));

test('thrift.roundtrip: every tree, and its bytes again', () => {
  fc.assert(
    fc.property(anyStruct, struct => {
      const bytes = encodeThrift(struct);
      const back = decodeThrift(bytes);
      expect(back).toEqual(struct);
      expect(Buffer.from(encodeThrift(back)).equals(bytes)).toBe(true);
    }),
  );
});

test('thrift.hostile: any bytes give a tree or a coded error, quickly', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
      try {
        decodeThrift(bytes);
      } catch (error) {
        expect(error).toEqual(code('TM_4201'));
      }
    }),
    { numRuns: 2000 },
  );
});

test('thrift.hostile: every cut of a good struct is an error', () => {
  fc.assert(
    fc.property(anyStruct, fc.nat(), (struct, at) => {
      const bytes = encodeThrift(struct);
      expect(() => decodeThrift(bytes.subarray(0, at % bytes.length))).toThrow(code('TM_4201'));
    }),
  );
});

test('thrift.hostile: depth, counts and integers are bounded', () => {
  expect(() => decodeThrift(new Uint8Array(100_000).fill(0x1c))).toThrow(code('TM_4201'));
  expect(() => decodeThrift(new Uint8Array(100_000).fill(0x19))).toThrow(code('TM_4201'));
  expect(() => decodeThrift(Uint8Array.of(0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f))).toThrow(
    code('TM_4201'),
  );
  expect(() => decodeThrift(Uint8Array.of(0x18, 0xff, 0xff, 0xff, 0xff, 0x0f))).toThrow(code('TM_4201'));
  expect(() => decodeThrift(Uint8Array.from([0x16, ...new Array(10).fill(0xff), 0x01, 0x00]))).toThrow(
    code('TM_4201'),
  );
});

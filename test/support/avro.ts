import { Type, types } from 'avsc';
import { avroSchema } from '../../lib/formats/avro/schema';

/** Longs as bigints, as a producer in another language has them. */
const exactLong = types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
});

const isLong = (node: unknown) =>
  node === 'long' ||
  (typeof node === 'object' && node !== null && (node as { type?: unknown }).type === 'long');

/** A value's bytes, as avsc writes them: longs are bigints, values of unions are wrapped in the name of their branch. */
export function avroBytes(schema: unknown, value: unknown): Buffer {
  const type = Type.forSchema(schema as string, {
    typeHook: node => (isLong(node) ? exactLong : undefined),
    wrapUnions: true,
  });
  return type.toBuffer(value);
}

/** The same in a single-object encoding. */
export function singleObject(schema: unknown, value: unknown): Buffer {
  return headed(schema, avroBytes(schema, value));
}

/** Bytes behind the head of a single-object encoding. */
export function headed(schema: unknown, body: Uint8Array): Buffer {
  const { fingerprint } = avroSchema(schema, 'writer');
  return Buffer.concat([Buffer.from('c301', 'hex'), Buffer.from(fingerprint, 'hex'), body]);
}

export const announcement = (schema: unknown): Buffer =>
  Buffer.from(JSON.stringify({ tidemark: 'avro-schema', schema }));

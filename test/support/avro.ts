import { Type } from 'avsc';
import { avroSchema } from '../../lib/formats/avro/schema';
import { exactLong } from '../../lib/iceberg/avro-type';

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

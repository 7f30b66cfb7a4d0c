/** The fingerprint of no bytes, and the polynomial's place (spec, "Schema Fingerprints"). */
const EMPTY = 0xc15d213aa4d7a795n;

const TABLE = Array.from({ length: 256 }, (_, byte) => {
  let fp = BigInt(byte);
  for (let i = 0; i < 8; i++) fp = (fp >> 1n) ^ (EMPTY & -(fp & 1n));
  return BigInt.asUintN(64, fp);
});

/**
 * CRC-64-AVRO of bytes, as 16 hex digits in the order in which the bytes stand in a single-object encoding: the lowest first.
 * @see https://avro.apache.org/docs/1.12.0/specification/#schema-fingerprints
 */
export function crc64Avro(bytes: Uint8Array): string {
  let fp = EMPTY;
  for (const byte of bytes) fp = (fp >> 8n) ^ TABLE[Number((fp ^ BigInt(byte)) & 0xffn)]!;
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(fp);
  return out.toString('hex');
}

/** C3 01, which begins no UTF-8, then the fingerprint of the writer's schema. */
export const SINGLE_OBJECT_HEAD = 10;

/** Whether the bytes are a single-object encoding. */
export function isSingleObject(bytes: Uint8Array): boolean {
  return bytes[0] === 0xc3 && bytes[1] === 0x01;
}

/** The fingerprint that a single-object encoding bears; undefined where it ends before. */
export function fingerprintIn(bytes: Uint8Array): string | undefined {
  if (bytes.length < SINGLE_OBJECT_HEAD) return undefined;
  let text = '';
  for (let i = 2; i < SINGLE_OBJECT_HEAD; i++) text += HEX[bytes[i]!]!;
  return text;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

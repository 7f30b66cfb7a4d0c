/** Two's complement, big-endian: how Iceberg and Avro write the unscaled integer of a decimal. */

/** The fewest bytes that hold the value (at least one): bounds and bucket hashes. */
export function minimalBytes(value: bigint): Uint8Array {
  let width = 1;
  while (BigInt.asIntN(8 * width, value) !== value) width++;
  return paddedBytes(value, width);
}

/** The value in exactly `width` bytes: Avro fixed. Higher bits are cut off. */
export function paddedBytes(value: bigint, width: number): Uint8Array {
  const bytes = new Uint8Array(width);
  let rest = BigInt.asUintN(8 * width, value);
  for (let i = width - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 255n);
    rest >>= 8n;
  }
  return bytes;
}

/** The integer in the bytes, of any width. */
export function fromBytes(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(8 * bytes.length, value);
}

/** Bytes a fixed needs for every decimal of the precision (spec, appendix A: Avro). */
export function fixedWidth(precision: number): number {
  const largest = 10n ** BigInt(precision) - 1n;
  let width = 1;
  while (BigInt.asIntN(8 * width, largest) !== largest) width++;
  return width;
}

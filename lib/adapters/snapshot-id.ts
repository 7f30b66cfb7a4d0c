/** The first 8 of random bytes as an Iceberg snapshot id: above 0, as -1 and 0 mean "none" to some readers. */
export function positive63(bytes: Uint8Array): bigint {
  const bits = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0);
  return BigInt.asUintN(63, bits) || 1n;
}

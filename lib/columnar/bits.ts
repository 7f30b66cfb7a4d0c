/** One byte a value to Arrow's bitmap, least significant bit first; the result is padded to whole bytes. */
export function packBits(bytes: Uint8Array, length: number): Uint8Array {
  const bits = new Uint8Array((length + 7) >> 3);
  for (let i = 0; i < length; i++) if (bytes[i] !== 0) bits[i >> 3]! |= 1 << (i & 7);
  return bits;
}

/** `length` bits from bit `from` on, to one byte a value. */
export function unpackBits(bits: Uint8Array, from: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0, at = from; i < length; i++, at++) bytes[i] = (bits[at >> 3]! >> (at & 7)) & 1;
  return bytes;
}

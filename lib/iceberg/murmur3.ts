/**
 * MurmurHash3, x86, 32 bits, seed 0: the hash under Iceberg's bucket transform.
 * @see https://iceberg.apache.org/spec/#appendix-b-32-bit-hash-requirements
 */

const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

/** Hash of bytes [start, end), as a signed 32-bit integer. */
export function murmur3(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let h = 0;
  const tail = start + ((end - start) & ~3);
  for (let i = start; i < tail; i += 4) {
    h = mix(h, bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
  }
  if (tail < end) {
    let k = 0;
    for (let i = end - 1; i >= tail; i--) k = (k << 8) | bytes[i]!;
    h ^= scramble(k);
  }
  return finish(h, end - start);
}

/** Hash of the 8 little-endian bytes of a long given as two words: int, long, date and timestamps hash so. */
export function murmur3Long(low: number, high: number): number {
  return finish(mix(mix(0, low), high), 8);
}

function scramble(k: number): number {
  const x = Math.imul(k, C1);
  return Math.imul((x << 15) | (x >>> 17), C2);
}

function mix(h: number, k: number): number {
  const x = h ^ scramble(k);
  return (Math.imul((x << 13) | (x >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(h: number, length: number): number {
  let x = h ^ length;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

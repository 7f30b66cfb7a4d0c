/** Names under which the engine has our own hash of bytes and of an integer's fewest bytes (murmur3.ts). */
export const HASH_BYTES = 'tidemark_hash_bytes';
export const HASH_INTEGER = 'tidemark_hash_integer';

const LOW = 4_294_967_295;

/**
 * MurmurHash3 (x86, 32 bits, seed 0) of a BIGINT's 8 little-endian bytes, as an unsigned number. In 64-bit arithmetic
 * a product of two 32-bit words fits, so nothing overflows; a call of ours a row would cost ten times as much.
 */
export function hashLongSql(long: string): string {
  const low = `CAST((${long}) & ${LOW} AS UBIGINT)`;
  const high = `CAST(((${long}) >> 32) & ${LOW} AS UBIGINT)`;
  return finish(mix(mix('CAST(0 AS UBIGINT)', low), high));
}

function times(x: string, factor: number): string {
  return `((${x}) * CAST(${factor} AS UBIGINT) & CAST(${LOW} AS UBIGINT))`;
}

/** The word written twice side by side, then shifted: so the operand stands in the text once. */
function rotated(x: string, by: number): string {
  return `((${x}) * CAST(4294967297 AS UBIGINT) >> ${32 - by} & CAST(${LOW} AS UBIGINT))`;
}

function mix(hash: string, word: string): string {
  const scrambled = times(rotated(times(word, 0xcc9e2d51), 15), 0x1b873593);
  return `(${times(rotated(`xor(${hash}, ${scrambled})`, 13), 5)} + 3864292196 & CAST(${LOW} AS UBIGINT))`;
}

function finish(hash: string): string {
  const first = times(shiftedIn(`xor(${hash}, CAST(8 AS UBIGINT))`, 16), 0x85ebca6b);
  return shiftedIn(times(shiftedIn(first, 13), 0xc2b2ae35), 16);
}

function shiftedIn(x: string, by: number): string {
  return `xor(${x}, (${x}) >> ${by})`;
}

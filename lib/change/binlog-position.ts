/** Bits of the offset within a file: the header's 32, and one for a last transaction that passes them. */
const OFFSET_BITS = 33n;
const OFFSET_LIMIT = 1n << OFFSET_BITS;

/**
 * Where a row change stands in MySQL's binlog (PROTOCOL.md, P): major is the file's number above the event's offset in it,
 * minor the row within the event. A number of more than 20 bits leaves the range of `major`, which `position` refuses.
 * Undefined when the name has no number (`<anything>.<digits>`) or the offset is beyond 33 bits.
 */
export function binlogPosition(
  file: string,
  offset: number,
  row: number,
): { major: bigint; minor: bigint } | undefined {
  const number = /\.(\d{1,18})$/.exec(file)?.[1];
  if (number === undefined || !isCount(offset) || !isCount(row)) return undefined;
  const within = BigInt(offset);
  if (within >= OFFSET_LIMIT) return undefined;
  return { major: (BigInt(number) << OFFSET_BITS) | within, minor: BigInt(row) };
}

function isCount(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0;
}

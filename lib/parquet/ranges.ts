import { parquetCorrupt } from './errors';

/** Bytes [start, end) of a file. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The reads that fetch all the ranges: those that overlap or stand at most `gapBytesMax` apart become one, since a
 * request to an object store costs more than some bytes that nobody asked for. In file order.
 */
export function planReads(ranges: readonly ByteRange[], gapBytesMax: number): ByteRange[] {
  const reads: { start: number; end: number }[] = [];
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = reads.at(-1);
    if (last && start - last.end <= gapBytesMax) last.end = Math.max(last.end, end);
    else reads.push({ start, end });
  }
  return reads;
}

/** The same bytes in the same order, ranges that follow each other as one. */
export function joined(ranges: readonly ByteRange[]): ByteRange[] {
  const runs: { start: number; end: number }[] = [];
  for (const { start, end } of ranges) {
    const last = runs.at(-1);
    if (last?.end === start) last.end = end;
    else runs.push({ start, end });
  }
  return runs;
}

/** Each range's bytes out of the reads' (`bytes[i]` are those of `reads[i]`), without a copy. Throws TM_4201 if none holds it. */
export function cutReads(
  ranges: readonly ByteRange[],
  reads: readonly ByteRange[],
  bytes: readonly Uint8Array[],
): Uint8Array[] {
  return ranges.map(({ start, end }) => {
    const i = reads.findIndex(r => r.start <= start && end <= r.end);
    const read = bytes[i];
    if (!read) throw parquetCorrupt(`bytes ${start} to ${end} were not read`, 'parquet file');
    return read.subarray(start - reads[i]!.start, end - reads[i]!.start);
  });
}

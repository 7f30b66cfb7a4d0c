/** Raw snappy, decoding only: other engines may write manifests with it. @see google/snappy, format_description.txt */
import { avroUnreadable } from './errors';

/** The bytes of a snappy block. Throws TM_4010 when it is damaged. */
export function unsnappy(input: Uint8Array, where: string): Uint8Array {
  let at = 0;
  let size = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = input[at++];
    if (byte === undefined || shift > 28) throw avroUnreadable('a damaged snappy block', where);
    size += (byte & 127) * 2 ** shift;
    if (byte < 128) break;
  }
  // A copy makes at most 64 bytes out of 3: a greater size is damage, and must not be allocated.
  if (size > input.length * 32) throw avroUnreadable('a damaged snappy block', where);
  const out = new Uint8Array(size);
  let to = 0;
  while (at < input.length) {
    const tag = input[at++]!;
    const kind = tag & 3;
    let length = (tag >> 2) + 1;
    if (kind === 0) {
      const extra = Math.max(0, length - 60);
      if (extra > 0) length = littleEndian(input, at, extra) + 1;
      at += extra;
      if (at + length > input.length || to + length > size)
        throw avroUnreadable('a damaged snappy block', where);
      out.set(input.subarray(at, at + length), to);
      at += length;
      to += length;
      continue;
    }
    if (kind === 1) length = ((tag >> 2) & 7) + 4;
    const width = kind === 3 ? 4 : kind;
    const offset = littleEndian(input, at, width) + (kind === 1 ? (tag >> 5) * 256 : 0);
    at += width;
    if (!(offset > 0 && offset <= to && to + length <= size))
      throw avroUnreadable('a damaged snappy block', where);
    // Byte by byte: a copy may read what it has just written.
    for (const end = to + length; to < end; to++) out[to] = out[to - offset]!;
  }
  if (to !== size) throw avroUnreadable('a damaged snappy block', where);
  return out;
}

function littleEndian(input: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let i = width - 1; i >= 0; i--) value = value * 256 + (input[at + i] ?? Number.NaN);
  return value;
}

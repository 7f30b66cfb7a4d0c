import type { ObjectRange, ObjectStore } from '../../ports/object-store';

/** Every part but the last has at least this; a range below it is read instead of copied. */
export const PART_BYTES_MIN = 5 << 20;
/** A part of bytes: what an upload holds in memory, once being gathered and once under way. */
export const PART_BYTES = 8 << 20;
/** S3 copies up to 5 GiB at once; smaller copies stay far from the client's timeout. */
export const COPY_BYTES_MAX = 512 << 20;

/** A part of an object: bytes that are sent, or a range that S3 copies. */
export type Part = { readonly bytes: Uint8Array } | { readonly copy: ObjectRange };

/**
 * Cuts a body into parts that S3 takes: at least one, all but the last of PART_BYTES_MIN or more. Bytes are copied,
 * what the caller alters later stays its own. Bytes too few for a part of their own before a range take what they
 * lack from its head.
 */
export async function* partsOf(
  body: AsyncIterable<Uint8Array | ObjectRange>,
  read: ObjectStore['range'],
): AsyncGenerator<Part> {
  const held = new HeldBytes();
  let none = true;
  for await (const piece of joined(body)) {
    for await (const part of piece instanceof Uint8Array
      ? sent(held, slices(piece))
      : copied(held, piece, read)) {
      none = false;
      yield part;
    }
  }
  if (none || held.size > 0) yield { bytes: held.take(held.size) };
}

/** Ranges that continue each other become one: neighbouring row groups are one copy. */
async function* joined(
  body: AsyncIterable<Uint8Array | ObjectRange>,
): AsyncGenerator<Uint8Array | ObjectRange> {
  let range: ObjectRange | undefined;
  for await (const piece of body) {
    if (!(piece instanceof Uint8Array) && range?.key === piece.key && range.end === piece.start) {
      range = { ...range, end: piece.end };
      continue;
    }
    if (range) yield range;
    range = undefined;
    if (piece instanceof Uint8Array) yield piece;
    else range = piece;
  }
  if (range) yield range;
}

async function* sent(held: HeldBytes, pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
  for await (const piece of pieces) {
    held.add(piece);
    while (held.size > PART_BYTES) yield { bytes: held.take(PART_BYTES) };
  }
}

async function* copied(
  held: HeldBytes,
  { key, start, end }: ObjectRange,
  read: ObjectStore['range'],
): AsyncGenerator<Part> {
  const lead = held.size === 0 ? 0 : Math.max(0, PART_BYTES_MIN - held.size);
  const from = start + lead;
  if (end - from < PART_BYTES_MIN) {
    yield* sent(held, reads({ key, start, end }, read));
    return;
  }
  if (lead > 0) held.add(await read(key, start, from));
  if (held.size > 0) yield { bytes: held.take(held.size) };
  const copies = Math.ceil((end - from) / COPY_BYTES_MAX);
  const at = (n: number) => from + Math.floor(((end - from) * n) / copies);
  for (let n = 0; n < copies; n++) yield { copy: { key, start: at(n), end: at(n + 1) } };
}

async function* reads({ key, start, end }: ObjectRange, read: ObjectStore['range']) {
  for (let at = start; at < end; at += PART_BYTES) yield await read(key, at, Math.min(end, at + PART_BYTES));
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PART_BYTES) yield bytes.subarray(at, at + PART_BYTES);
}

/** Pieces on their way to be one part. */
class HeldBytes {
  private pieces: Uint8Array[] = [];
  size = 0;

  add(piece: Uint8Array): void {
    this.pieces.push(piece.slice());
    this.size += piece.length;
  }

  /** The first `count` bytes. */
  take(count: number): Uint8Array {
    const all = Buffer.concat(this.pieces);
    this.pieces = count < all.length ? [all.subarray(count)] : [];
    this.size = all.length - count;
    return all.subarray(0, count);
  }
}

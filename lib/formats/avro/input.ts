import { broken } from './errors';

/** A record may hold as many values for each of its bytes, arrays and records counted beside what is in them. */
const VALUES_A_BYTE_MAX = 16;
/** And as many more: nulls and empty records have no byte of their own. */
const FREE_VALUES_MAX = 100_000;
/** As deep as records nest in each other; a schema may name itself. */
const DEPTH_MAX = 200;

const TRUNCATED = 'it ends within a value';

/** The bytes of one Avro value, read in their order. Whoever wrote them is a stranger: nothing is read or counted beyond. */
export class AvroInput {
  bytes: Buffer = Buffer.alloc(0);
  private pos = 0;
  private values = 0;
  private depth = 0;

  begin(bytes: Uint8Array, from: number): void {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.pos = from;
    this.values = VALUES_A_BYTE_MAX * bytes.length + FREE_VALUES_MAX;
    this.depth = 0;
  }

  /** All has to be read. */
  end(): void {
    const rest = this.bytes.length - this.pos;
    if (rest > 0) throw broken(`${rest} bytes behind it`);
  }

  /** A record of so many fields. */
  enter(fields: number): void {
    this.count(fields + 1);
    if (++this.depth > DEPTH_MAX) throw broken(`records nest deeper than ${DEPTH_MAX}`);
  }

  leave(): void {
    this.depth--;
  }

  /** More values, of an array or a map one: thirty bytes may say that there are a billion. */
  count(more = 1): void {
    this.values -= more;
    if (this.values < 0) throw broken('more values than its bytes can hold');
  }

  boolean(): boolean {
    const byte = this.byte();
    if (byte > 1) throw broken(`${byte} is no boolean`);
    return byte === 1;
  }

  int(): number {
    const n = this.long();
    if (typeof n !== 'number' || n !== (n | 0)) throw broken(`${n} is no int`);
    return n;
  }

  /** A number where it is exact in a double, else a bigint. */
  long(): number | bigint {
    const start = this.pos;
    const low = this.part();
    if (this.isLast(start)) return (low >>> 1) ^ -(low & 1);
    const half = this.part();
    if (!this.isLast(start) || half >= 1 << 26) return this.exactLong(start);
    const magnitude = (low >>> 1) + half * 0x8000000;
    return low & 1 ? -magnitude - 1 : magnitude;
  }

  /** How many bytes follow; they are there. */
  length(): number {
    const n = this.long();
    if (n < 0) throw broken(`a length of ${n}`);
    if (n > this.bytes.length - this.pos) throw broken(TRUNCATED);
    return n as number;
  }

  /** How many items a block of an array or map has; 0 after the last. */
  block(): number {
    const n = this.long();
    if (n >= 0) return Number(n);
    // The block's length in bytes serves those who skip it.
    if (this.long() < 0) throw broken('a block of less than no bytes');
    return -Number(n);
  }

  float(): number {
    return this.bytes.readFloatLE(this.take(4));
  }

  double(): number {
    return this.bytes.readDoubleLE(this.take(8));
  }

  /** Bytes that are valid until the next record begins. */
  slice(length: number): Buffer {
    const from = this.take(length);
    return this.bytes.subarray(from, from + length);
  }

  /** Passes so many bytes; answers where they begin. */
  take(length: number): number {
    const from = this.pos;
    if (length > this.bytes.length - from) throw broken(TRUNCATED);
    this.pos = from + length;
    return from;
  }

  private byte(): number {
    return this.bytes[this.take(1)]!;
  }

  /** Up to 28 bits of a varint. */
  private part(): number {
    let n = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      n |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return n;
  }

  private isLast(start: number): boolean {
    return this.pos > start && this.bytes[this.pos - 1]! < 0x80;
  }

  private exactLong(start: number): bigint {
    this.pos = start;
    let n = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      n |= BigInt(byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      if (n >= 1n << 64n) break;
      return (n >> 1n) ^ -(n & 1n);
    }
    throw broken('an integer of more than 64 bits');
  }
}

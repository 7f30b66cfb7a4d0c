import { parquetCorrupt } from './errors';

/**
 * Thrift compact protocol to a tree of tagged values and back, without knowing any schema: what is not touched is
 * encoded to the same bytes, fields of later versions included. (A reader that maps the footer to objects of its
 * own loses bits of statistics; a filtered query then misses rows.)
 * @see https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
export const ThriftType = {
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  struct: 12,
} as const;

export interface ThriftField {
  readonly id: number;
  readonly type: number;
  readonly value: ThriftValue;
}

export interface ThriftStruct {
  readonly fields: readonly ThriftField[];
}

export interface ThriftList {
  readonly element: number;
  readonly items: readonly ThriftValue[];
}

/** Integers are numbers while they are safe and bigints beyond. doubles stay their 8 bytes. Booleans in lists stay bytes. */
export type ThriftValue = boolean | number | bigint | Uint8Array | ThriftStruct | ThriftList;

/** Parquet's footer is five levels deep; hostile bytes could be as deep as they are long. */
const DEPTH_MAX = 32;

/** Decodes one struct that fills `bytes`. Throws TM_4201 if they are cut off, too deep or of an unknown type. */
export function decodeThrift(bytes: Uint8Array): ThriftStruct {
  const reader = new Reader(bytes);
  const struct = reader.struct(0);
  if (reader.at !== bytes.length) throw parquetCorrupt(`${bytes.length - reader.at} bytes after the end`, 'thrift');
  return struct;
}

class Reader {
  at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  struct(depth: number): ThriftStruct {
    if (depth > DEPTH_MAX) throw parquetCorrupt(`nested deeper than ${DEPTH_MAX}`, 'thrift');
    const fields: ThriftField[] = [];
    for (let id = 0; ; ) {
      const head = this.byte();
      const type = head & 15;
      if (type === 0) return { fields };
      id = head >> 4 === 0 ? Number(this.integer()) : id + (head >> 4);
      fields.push({ id, type, value: this.value(type, depth) });
    }
  }

  private value(type: number, depth: number): ThriftValue {
    switch (type) {
      case ThriftType.true:
        return true;
      case ThriftType.false:
        return false;
      case ThriftType.byte:
        return this.byte();
      case ThriftType.i16:
      case ThriftType.i32:
      case ThriftType.i64:
        return this.integer();
      case ThriftType.double:
        return this.take(8);
      case ThriftType.binary:
        return this.take(this.size());
      case ThriftType.list:
      case ThriftType.set:
        return this.list(depth + 1);
      case ThriftType.struct:
        return this.struct(depth + 1);
      default:
        throw parquetCorrupt(`unknown type ${type}`, 'thrift');
    }
  }

  private list(depth: number): ThriftList {
    if (depth > DEPTH_MAX) throw parquetCorrupt(`nested deeper than ${DEPTH_MAX}`, 'thrift');
    const head = this.byte();
    const element = head & 15;
    const count = head >> 4 === 15 ? this.size() : head >> 4;
    // An item takes a byte at least: a count beyond the rest is damage, and would fill the memory.
    if (count > this.bytes.length - this.at) throw parquetCorrupt(`a list of ${count} items`, 'thrift');
    const items: ThriftValue[] = [];
    const flags = element === ThriftType.true || element === ThriftType.false;
    for (let i = 0; i < count; i++) items.push(flags ? this.byte() : this.value(element, depth));
    return { element, items };
  }

  private byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw parquetCorrupt('cut off', 'thrift');
    return byte;
  }

  private take(size: number): Uint8Array {
    if (size > this.bytes.length - this.at) throw parquetCorrupt('cut off', 'thrift');
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }

  private size(): number {
    return Number(this.varint());
  }

  private integer(): number | bigint {
    const u = this.varint();
    if (typeof u === 'bigint') {
      const big = (u >> 1n) ^ -(u & 1n);
      return Number.isSafeInteger(Number(big)) ? Number(big) : big;
    }
    return u % 2 === 0 ? u / 2 : -(u + 1) / 2;
  }

  /** Unsigned; a number below 2^53, so that ids, sizes and offsets never cost a bigint. */
  private varint(): number | bigint {
    const from = this.at;
    let value = 0;
    for (let scale = 1; scale < 2 ** 53; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128 && value <= Number.MAX_SAFE_INTEGER) return value;
      if (byte < 128) break;
    }
    this.at = from;
    let big = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      big |= BigInt(byte & 127) << shift;
      if (byte >= 128) continue;
      if (big >> 64n !== 0n) break;
      return big;
    }
    throw parquetCorrupt('an integer of more than 64 bits', 'thrift');
  }
}

/** The struct's bytes; of a decoded, untouched struct the very bytes it was decoded from. */
export function encodeThrift(struct: ThriftStruct): Uint8Array {
  const writer = new Writer();
  writer.struct(struct);
  return writer.finish();
}

class Writer {
  private bytes = new Uint8Array(1024);
  private at = 0;

  finish(): Uint8Array {
    return this.bytes.slice(0, this.at);
  }

  struct(struct: ThriftStruct): void {
    let last = 0;
    for (const { id, type, value } of struct.fields) {
      const delta = id - last;
      if (delta > 0 && delta <= 15) this.byte((delta << 4) | type);
      else {
        this.byte(type);
        this.integer(id);
      }
      this.value(type, value);
      last = id;
    }
    this.byte(0);
  }

  private value(type: number, value: ThriftValue): void {
    switch (type) {
      case ThriftType.true:
      case ThriftType.false:
        return;
      case ThriftType.byte:
        return this.byte(value as number);
      case ThriftType.i16:
      case ThriftType.i32:
      case ThriftType.i64:
        return this.integer(value as number | bigint);
      case ThriftType.double:
        return this.raw(value as Uint8Array);
      case ThriftType.binary:
        this.varint((value as Uint8Array).length);
        return this.raw(value as Uint8Array);
      case ThriftType.struct:
        return this.struct(value as ThriftStruct);
      default:
        return this.list(value as ThriftList);
    }
  }

  private list({ element, items }: ThriftList): void {
    if (items.length < 15) this.byte((items.length << 4) | element);
    else {
      this.byte(0xf0 | element);
      this.varint(items.length);
    }
    const flags = element === ThriftType.true || element === ThriftType.false;
    for (const item of items) flags ? this.byte(item as number) : this.value(element, item);
  }

  private integer(value: number | bigint): void {
    if (typeof value === 'number' && Math.abs(value) < 2 ** 52) {
      this.varint(value >= 0 ? value * 2 : -value * 2 - 1);
      return;
    }
    const big = BigInt(value);
    this.varint(big >= 0n ? big << 1n : (-big << 1n) - 1n);
  }

  private varint(value: number | bigint): void {
    let rest = value;
    if (typeof rest === 'bigint') {
      for (; rest > 127n; rest >>= 7n) this.byte(Number(rest & 127n) | 128);
      this.byte(Number(rest));
      return;
    }
    for (; rest > 127; rest = Math.floor(rest / 128)) this.byte((rest % 128) | 128);
    this.byte(rest);
  }

  private byte(byte: number): void {
    this.need(1);
    this.bytes[this.at++] = byte;
  }

  private raw(bytes: Uint8Array): void {
    this.need(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  private need(count: number): void {
    if (this.at + count <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.at + count));
    grown.set(this.bytes);
    this.bytes = grown;
  }
}

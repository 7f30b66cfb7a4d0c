import { parquetCorrupt } from './errors';
import {
  type ThriftField,
  type ThriftList,
  type ThriftStruct,
  ThriftType,
  type ThriftValue,
} from './thrift-types';

/** Parquet's footer is five levels deep; hostile bytes could be as deep as they are long. */
const DEPTH_MAX = 32;

/** Decodes one struct that fills `bytes`. Throws TM_4201 if they are cut off, too deep or of an unknown type. */
export function decodeThrift(bytes: Uint8Array): ThriftStruct {
  const reader = new Reader(bytes);
  const struct = reader.struct(0);
  if (reader.at !== bytes.length)
    throw parquetCorrupt(`${bytes.length - reader.at} bytes after the end`, 'thrift');
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

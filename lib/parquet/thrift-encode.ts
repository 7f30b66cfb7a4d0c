import { type ThriftList, type ThriftStruct, ThriftType, type ThriftValue } from './thrift-types';

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
        this.byte(value as number);
        return;
      case ThriftType.i16:
      case ThriftType.i32:
      case ThriftType.i64:
        this.integer(value as number | bigint);
        return;
      case ThriftType.double:
        this.raw(value as Uint8Array);
        return;
      case ThriftType.binary:
        this.varint((value as Uint8Array).length);
        this.raw(value as Uint8Array);
        return;
      case ThriftType.struct:
        this.struct(value as ThriftStruct);
        return;
      default:
        this.list(value as ThriftList);
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

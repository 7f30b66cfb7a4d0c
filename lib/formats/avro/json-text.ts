import { isUtf8 } from 'node:buffer';
import { invalidUtf8 } from '../errors';
import { AvroFault, broken } from './errors';

/** As long as the JSON text of one record may become; defaults and names make it longer than its bytes. */
const TEXT_BYTES_MAX = 32 << 20;
const FIRST_BYTES = 64 << 10;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const HEX = Buffer.from('0123456789abcdef');

/** JSON text as it grows, in one buffer for all records. */
export class JsonText {
  private bytes = Buffer.allocUnsafe(FIRST_BYTES);
  private pos = 0;

  begin(): void {
    this.pos = 0;
    if (this.bytes.length > 16 * FIRST_BYTES) this.bytes = Buffer.allocUnsafe(FIRST_BYTES);
  }

  /** What was written since it began, in bytes of its own. */
  text(): Buffer {
    return Buffer.from(this.bytes.subarray(0, this.pos));
  }

  get length(): number {
    return this.pos;
  }

  /** Takes back what was written since. */
  backTo(length: number): void {
    this.pos = length;
  }

  /** Text of ASCII alone, as it stands. */
  ascii(text: string): void {
    this.room(text.length);
    const { bytes, pos } = this;
    const { length } = text;
    for (let i = 0; i < length; i++) bytes[pos + i] = text.charCodeAt(i);
    this.pos = pos + length;
  }

  /** Bytes that are JSON already. */
  raw(json: Uint8Array): void {
    const { length } = json;
    this.room(length);
    const { bytes, pos } = this;
    for (let i = 0; i < length; i++) bytes[pos + i] = json[i]!;
    this.pos = pos + length;
  }

  quoted(text: string): void {
    this.room(text.length + 2);
    this.bytes[this.pos++] = QUOTE;
    this.ascii(text);
    this.bytes[this.pos++] = QUOTE;
  }

  /** The UTF-8 in [from, to) as a string, with its escapes. */
  string(utf8: Uint8Array, from: number, to: number): void {
    // A control character takes six bytes.
    this.room(6 * (to - from) + 2);
    const { bytes } = this;
    let { pos } = this;
    let all = 0;
    bytes[pos++] = QUOTE;
    for (let i = from; i < to; i++) {
      const byte = utf8[i]!;
      all |= byte;
      if (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) bytes[pos++] = byte;
      else pos = escaped(bytes, pos, byte);
    }
    if (all >= 0x80 && !isUtf8(utf8.subarray(from, to))) throw new AvroFault(invalidUtf8);
    bytes[pos++] = QUOTE;
    this.pos = pos;
  }

  /** `"0x..."`, as the lake reads binaries. */
  hex(value: Uint8Array): void {
    this.room(2 * value.length + 4);
    this.ascii('"0x');
    for (const byte of value) {
      this.bytes[this.pos++] = HEX[byte >> 4]!;
      this.bytes[this.pos++] = HEX[byte & 15]!;
    }
    this.bytes[this.pos++] = QUOTE;
  }

  private room(more: number): void {
    const needed = this.pos + more + 1;
    if (needed <= this.bytes.length) return;
    if (needed > TEXT_BYTES_MAX) throw broken(`its text would have more than ${TEXT_BYTES_MAX} bytes`);
    const larger = Buffer.allocUnsafe(Math.min(TEXT_BYTES_MAX, Math.max(needed, 2 * this.bytes.length)));
    this.bytes.copy(larger, 0, 0, this.pos);
    this.bytes = larger;
  }
}

function escaped(bytes: Uint8Array, at: number, byte: number): number {
  let pos = at;
  bytes[pos++] = BACKSLASH;
  if (byte === QUOTE || byte === BACKSLASH) {
    bytes[pos++] = byte;
    return pos;
  }
  for (const letter of [0x75, 0x30, 0x30, HEX[byte >> 4]!, HEX[byte & 15]!]) bytes[pos++] = letter;
  return pos;
}

import { isUtf8 } from 'node:buffer';
import { invalidUtf8, notJsonObject, type RowFault } from './errors';
import type { Span } from './json-changes';
import { JsonKind, JsonScanner, memberName, unescapeString } from './json-scanner';

/** No member of that name. */
export const NONE = -1;

/** The members of one JSON object of a record, found once for whoever asks what the record is. */
export class RecordMembers {
  bytes: Uint8Array = new Uint8Array(0);
  private readonly scanner = new JsonScanner();
  /** Where each name stood last: records are mostly written alike. */
  private readonly places = new Map<string, number>();

  /** Finds the members of a whole record. Answers why it is no JSON object. */
  ofRecord(bytes: Uint8Array): RowFault | undefined {
    if (!isUtf8(bytes)) return invalidUtf8();
    return this.ofSpan(bytes, { from: 0, to: bytes.length });
  }

  /** Finds those of an object within bytes that are UTF-8. */
  ofSpan(bytes: Uint8Array, { from, to }: Span): RowFault | undefined {
    this.bytes = bytes;
    const broken = this.scanner.scan(bytes, from, to);
    return broken === undefined ? undefined : notJsonObject(broken);
  }

  get count(): number {
    return this.scanner.members;
  }

  /** Undefined for a broken escape. */
  name(member: number): string | undefined {
    return memberName(this.scanner, this.bytes, member);
  }

  kind(member: number): JsonKind {
    return this.scanner.kinds[member]!;
  }

  /** Where the value stands, without the quotes of a string. */
  span(member: number): Span {
    return { from: this.scanner.starts[member]!, to: this.scanner.ends[member]! };
  }

  /** A member of that name (ASCII), or NONE. */
  find(name: string): number {
    const { members } = this.scanner;
    const before = this.places.get(name);
    if (before !== undefined && before < members && this.isNamed(before, name)) return before;
    for (let i = 0; i < members; i++) {
      if (!this.isNamed(i, name)) continue;
      this.places.set(name, i);
      return i;
    }
    return NONE;
  }

  /** One of these names (31 at most) that stands twice: which of the two is meant nobody knows. */
  repeated(names: readonly string[]): string | undefined {
    let seen = 0;
    for (let i = 0; i < this.scanner.members; i++) {
      const k = this.nameAmong(i, names);
      if (k === NONE) continue;
      if ((seen & (1 << k)) !== 0) return names[k];
      seen |= 1 << k;
    }
    return undefined;
  }

  /** The member's value where it is an object. */
  object(name: string): Span | undefined {
    const member = this.find(name);
    if (member === NONE || this.kind(member) !== JsonKind.Nested) return undefined;
    const span = this.span(member);
    return this.bytes[span.from] === 0x7b ? span : undefined;
  }

  /** The member's value where it is a string without a broken escape. */
  text(name: string): string | undefined {
    const member = this.find(name);
    if (member === NONE) return undefined;
    const { from, to } = this.span(member);
    const kind = this.kind(member);
    if (kind === JsonKind.Escaped) return unescapeString(this.bytes, from, to);
    return kind === JsonKind.Text ? textOf(this.bytes, { from, to }) : undefined;
  }

  /** The member's value where it is a number that a double holds as it is written: an integer up to 2^53. */
  integer(name: string): number | undefined {
    const member = this.find(name);
    if (member === NONE || this.kind(member) !== JsonKind.Number) return undefined;
    const value = Number(textOf(this.bytes, this.span(member)));
    return Number.isSafeInteger(value) ? value : undefined;
  }

  private nameAmong(member: number, names: readonly string[]): number {
    for (let k = 0; k < names.length; k++) if (this.isNamed(member, names[k]!)) return k;
    return NONE;
  }

  private isNamed(member: number, name: string): boolean {
    const { keyStarts, keyEnds, keyEscaped } = this.scanner;
    if (keyEscaped[member] === 1) return this.name(member) === name;
    const from = keyStarts[member]!;
    if (keyEnds[member]! - from !== name.length) return false;
    for (let i = 0; i < name.length; i++) if (this.bytes[from + i] !== name.charCodeAt(i)) return false;
    return true;
  }
}

/** The text of UTF-8 bytes. */
export function textOf(bytes: Uint8Array, { from, to }: Span): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return buffer.toString('utf8', from, to);
}

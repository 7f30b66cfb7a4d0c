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

  /** The first member of that name (ASCII), or NONE. */
  find(name: string, first = 0): number {
    for (let i = first; i < this.scanner.members; i++) if (this.isNamed(i, name)) return i;
    return NONE;
  }

  /** The first of these names that stands twice: which of the two is meant nobody knows. */
  repeated(names: readonly string[]): string | undefined {
    return names.find(name => {
      const first = this.find(name);
      return first !== NONE && this.find(name, first + 1) !== NONE;
    });
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
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8');
}

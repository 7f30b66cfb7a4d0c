const QUOTE = 34;
const BACKSLASH = 92;
const BRACE = 0x7b;
const BRACKET = 0x5b;
/** From an opening brace or bracket to its closing one. */
const TO_CLOSING = 2;
const MEMBERS_MAX = 16_384;

/** What a member's value is. The text of TEXT is as it stands; ESCAPED has backslashes to undo. */
export enum JsonKind {
  Null,
  Text,
  Escaped,
  Number,
  Boolean,
  /** An object or array, as its JSON text. */
  Nested,
}

/**
 * Where the members of one JSON object stand in its bytes. No value is made, so a number keeps every digit
 * that JSON.parse would round away.
 * @see https://www.rfc-editor.org/rfc/rfc8259
 */
export class JsonScanner {
  members = 0;
  readonly keyStarts = new Int32Array(MEMBERS_MAX);
  readonly keyEnds = new Int32Array(MEMBERS_MAX);
  /** 1 where the key has backslashes to undo. */
  readonly keyEscaped = new Uint8Array(MEMBERS_MAX);
  readonly kinds = new Uint8Array(MEMBERS_MAX);
  readonly starts = new Int32Array(MEMBERS_MAX);
  readonly ends = new Int32Array(MEMBERS_MAX);

  private bytes: Uint8Array = new Uint8Array(0);
  private pos = 0;
  private limit = 0;
  /** The string just scanned has a backslash. */
  private escaped = false;
  /** The closing bytes that a nested value still needs. */
  private readonly closing: number[] = [];

  /** Scans the object in [from, to), which is UTF-8. Answers why it is none. */
  scan(bytes: Uint8Array, from: number, to: number): string | undefined {
    this.bytes = bytes;
    this.pos = from;
    this.limit = to;
    this.members = 0;
    if (!this.take(0x7b)) return 'not a JSON object';
    if (this.take(0x7d)) return this.atEnd();
    do {
      const fault = this.member();
      if (fault) return fault;
    } while (this.take(0x2c));
    return this.take(0x7d) ? this.atEnd() : this.broken();
  }

  /** Skips white space, then takes the byte if it stands there. */
  private take(byte: number): boolean {
    this.skipSpace();
    if (this.pos >= this.limit || this.bytes[this.pos] !== byte) return false;
    this.pos++;
    return true;
  }

  private skipSpace(): void {
    while (this.pos < this.limit && isSpace(this.bytes[this.pos]!)) this.pos++;
  }

  private atEnd(): string | undefined {
    this.skipSpace();
    return this.pos === this.limit ? undefined : 'text after the JSON object';
  }

  private broken(): string {
    return this.pos >= this.limit ? 'JSON object without its end' : 'malformed JSON';
  }

  private member(): string | undefined {
    const i = this.members;
    if (i === MEMBERS_MAX) return `more than ${MEMBERS_MAX} members`;
    if (!this.take(QUOTE)) return this.broken();
    this.keyStarts[i] = this.pos;
    if (!this.string()) return this.broken();
    this.keyEnds[i] = this.pos - 1;
    this.keyEscaped[i] = this.escaped ? 1 : 0;
    if (!this.take(0x3a)) return this.broken();
    this.skipSpace();
    if (!this.value(i)) return this.broken();
    this.members++;
    return undefined;
  }

  private value(i: number): boolean {
    const first = this.pos < this.limit ? this.bytes[this.pos] : undefined;
    this.starts[i] = this.pos;
    if (first === QUOTE) {
      this.starts[i] = ++this.pos;
      if (!this.string()) return false;
      this.kinds[i] = this.escaped ? JsonKind.Escaped : JsonKind.Text;
      this.ends[i] = this.pos - 1;
      return true;
    }
    if (first === 0x6e) return this.literal(i, 'null', JsonKind.Null);
    if (first === 0x74) return this.literal(i, 'true', JsonKind.Boolean);
    if (first === 0x66) return this.literal(i, 'false', JsonKind.Boolean);
    if (first === BRACE || first === BRACKET) return this.nested(i);
    return this.number(i);
  }

  /** To the byte after the closing quote. */
  private string(): boolean {
    const { bytes, limit } = this;
    this.escaped = false;
    for (let pos = this.pos; pos < limit; pos++) {
      const byte = bytes[pos]!;
      if (byte === QUOTE) {
        this.pos = pos + 1;
        return true;
      }
      if (byte < 32) break;
      if (byte === BACKSLASH) {
        this.escaped = true;
        pos++;
      }
    }
    return false;
  }

  private literal(i: number, text: string, kind: JsonKind): boolean {
    for (let k = 0; k < text.length; k++) {
      if (this.pos + k >= this.limit || this.bytes[this.pos + k] !== text.charCodeAt(k)) return false;
    }
    this.pos += text.length;
    this.ends[i] = this.pos;
    this.kinds[i] = kind;
    return true;
  }

  private number(i: number): boolean {
    const first = this.pos;
    let pos = this.pos;
    if (this.digitOr(pos, 0x2d) === 2) pos++;
    const whole = pos;
    while (this.digitOr(pos, 0) === 1) pos++;
    if (pos === whole || (this.bytes[whole] === 48 && pos - whole > 1)) return false;
    if (this.digitOr(pos, 0x2e) === 2) {
      const fraction = ++pos;
      while (this.digitOr(pos, 0) === 1) pos++;
      if (pos === fraction) return false;
    }
    if (pos < this.limit && (this.bytes[pos]! | 0x20) === 0x65) {
      pos++;
      if (this.digitOr(pos, 0x2b) === 2 || this.digitOr(pos, 0x2d) === 2) pos++;
      const exponent = pos;
      while (this.digitOr(pos, 0) === 1) pos++;
      if (pos === exponent) return false;
    }
    this.pos = pos;
    this.ends[i] = pos;
    this.kinds[i] = JsonKind.Number;
    return pos > first;
  }

  /** 1: a digit stands at `pos`, 2: the byte does, 0: neither. */
  private digitOr(pos: number, byte: number): 0 | 1 | 2 {
    if (pos >= this.limit) return 0;
    const found = this.bytes[pos]!;
    return found >= 48 && found <= 57 ? 1 : found === byte ? 2 : 0;
  }

  /** An object or array to its end: nothing in it becomes a value, but all of it has to be JSON. */
  private nested(i: number): boolean {
    const from = this.pos;
    const { closing } = this;
    closing.length = 0;
    for (;;) {
      const first = this.pos < this.limit ? this.bytes[this.pos]! : 0;
      if (first === BRACE || first === BRACKET) {
        this.pos++;
        if (!this.take(first + TO_CLOSING)) {
          closing.push(first + TO_CLOSING);
          if (!this.toValue()) return false;
          continue;
        }
      } else if (!this.scalar(i, first)) return false;
      while (closing.length > 0 && this.take(closing[closing.length - 1]!)) closing.pop();
      if (closing.length === 0) break;
      if (!this.take(0x2c) || !this.toValue()) return false;
    }
    this.starts[i] = from;
    this.ends[i] = this.pos;
    this.kinds[i] = JsonKind.Nested;
    return true;
  }

  /** Past the name, if it is an object's, to where the value begins. */
  private toValue(): boolean {
    const named = this.closing[this.closing.length - 1] === BRACE + TO_CLOSING;
    if (named && !(this.take(QUOTE) && this.soundString() && this.take(0x3a))) return false;
    this.skipSpace();
    return true;
  }

  /** A value within a nested one. Where it stands is of no interest: `i` is the nested one's. */
  private scalar(i: number, first: number): boolean {
    if (first === QUOTE) {
      this.pos++;
      return this.soundString();
    }
    if (first === 0x6e) return this.literal(i, 'null', JsonKind.Null);
    if (first === 0x74) return this.literal(i, 'true', JsonKind.Boolean);
    if (first === 0x66) return this.literal(i, 'false', JsonKind.Boolean);
    return this.number(i);
  }

  /** A string whose escapes are JSON's. */
  private soundString(): boolean {
    const from = this.pos;
    return this.string() && (!this.escaped || soundEscapes(this.bytes, from, this.pos - 1));
  }
}

const ESCAPABLE = new Set(Buffer.from('"\\/bfnrt'));

function soundEscapes(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    if (bytes[i] !== BACKSLASH) continue;
    const next = bytes[++i]!;
    if (ESCAPABLE.has(next)) continue;
    if (next !== 0x75) return false;
    for (let k = 0; k < 4; k++) if (!isHex(bytes[++i]!)) return false;
  }
  return true;
}

function isHex(byte: number): boolean {
  const letter = byte | 0x20;
  return (byte >= 48 && byte <= 57) || (letter >= 97 && letter <= 102);
}

function isSpace(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === 13 || byte === 10;
}

/** Where a JSON text begins and ends, without blanks and line ends around it. */
export function withoutBlanks(bytes: Uint8Array, from: number, to: number): [number, number] {
  let [first, end] = [from, to];
  while (first < end && isSpace(bytes[first]!)) first++;
  while (first < end && isSpace(bytes[end - 1]!)) end--;
  return [first, end];
}

/** What the JSON text in [from, to) says; undefined if it is none. */
function unquoted(bytes: Uint8Array, from: number, to: number): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8'));
  } catch {
    return undefined;
  }
}

/**
 * The text of a string with escapes, quotes not in [from, to). undefined: a broken escape, or half of a
 * surrogate pair, which no UTF-8 can say.
 */
export function unescapeString(bytes: Uint8Array, from: number, to: number): string | undefined {
  const text = unquoted(bytes, from - 1, to + 1);
  return typeof text === 'string' && !/\p{Surrogate}/u.test(text) ? text : undefined;
}

/** The name of the scanned object's member `i`; undefined for a broken escape. */
export function memberName(scanner: JsonScanner, bytes: Uint8Array, i: number): string | undefined {
  const from = scanner.keyStarts[i]!;
  const to = scanner.keyEnds[i]!;
  if (scanner.keyEscaped[i] === 1) return unescapeString(bytes, from, to);
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8');
}

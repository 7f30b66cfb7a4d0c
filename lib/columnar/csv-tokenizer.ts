const LF = 10;
const CR = 13;
const COLUMNS_MAX = 16_384;
const RAW_BYTES_MAX = 64 * 1024;

/** How a CSV file marks its fields: single bytes. */
export interface CsvDialect {
  readonly delimiter: number;
  readonly quote: number;
  /** A longer row is reported as too long, with its head only. */
  readonly rowBytesMax: number;
}

/** How a field was written: bare, in quotes, or in quotes with doubled quotes inside. */
export const BARE = 0;
export const QUOTED = 1;
export const ESCAPED = 2;

/** What is wrong with a row as such. */
export type RowShapeFault = 'too-long' | 'text-after-quote';

enum State {
  FieldStart,
  Bare,
  Quoted,
  /** Right after a quote inside a quoted field: it closes the field or is the first half of a doubled one. */
  Closing,
}

/**
 * CSV bytes to field boundaries (RFC 4180), a row at a time, with no object or string per field. Chunks may
 * end anywhere: a row that is not complete waits for the next push, and its scan resumes where it stopped.
 * Rows end in LF or CRLF; line ends inside quotes belong to the field. A quote inside a bare field is text.
 *
 * ```
 * for (const chunk of file) { tokenizer.push(chunk); while (tokenizer.next()) take(tokenizer); }
 * tokenizer.end(); while (tokenizer.next()) take(tokenizer);
 * ```
 */
export class CsvTokenizer {
  /** What `starts` and `ends` point into; valid until the next push. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Fields of the row; those past 16,384 are counted only. */
  fields = 0;
  readonly starts = new Int32Array(COLUMNS_MAX);
  readonly ends = new Int32Array(COLUMNS_MAX);
  /** BARE, QUOTED or ESCAPED, a byte a field. */
  readonly forms = new Uint8Array(COLUMNS_MAX);
  fault: RowShapeFault | undefined;
  /** 1-based line on which the row starts. */
  line = 1;

  /** Where the row lies in `bytes`, without its line end. */
  private rowStart = 0;
  private rowEnd = 0;
  private limit = 0;
  private pos = 0;
  private fieldStart = 0;
  private form = BARE;
  private state = State.FieldStart;
  private complete = true;
  private ended = false;
  private nextLine = 1;
  /** The first bytes of a row that outgrew rowBytesMax; its other bytes are scanned and dropped. */
  private head: Uint8Array | undefined;
  private owned = new Uint8Array(0);
  /** No byte above it means anything in a bare field. */
  private readonly high: number;

  constructor(private readonly dialect: CsvDialect) {
    this.high = Math.max(dialect.delimiter, LF);
  }

  /** Adds bytes; call it when next() has answered false. The chunk must not change while it is read. */
  push(chunk: Uint8Array): void {
    if (this.complete) this.rowStart = this.pos;
    else if (this.fault === 'too-long' || this.outgrown()) this.dropRow();
    const kept = this.limit - this.rowStart;
    if (kept === 0) this.show(chunk, 0, chunk.length);
    else if (this.bytes === this.owned && this.owned.length - this.limit >= chunk.length) {
      this.owned.set(chunk, this.limit);
      this.limit += chunk.length;
    } else {
      const needed = kept + chunk.length;
      const target = this.owned.length >= needed ? this.owned : new Uint8Array(2 * needed);
      target.set(this.bytes.subarray(this.rowStart, this.limit));
      target.set(chunk, kept);
      this.owned = target;
      this.show(target, kept, needed);
    }
  }

  /** No more bytes will come: next() may now find a last row without a line end. */
  end(): void {
    this.ended = true;
  }

  /** Steps to the next row. False: more bytes are needed, or, after end(), there are no more rows. */
  next(): boolean {
    if (this.complete) this.beginRow();
    while (!this.complete) if (!this.step()) return this.finishLast();
    return true;
  }

  /** After end() and next() = false: a quote was never closed, so where the rows are cannot be known. */
  get unterminated(): boolean {
    return this.ended && !this.complete && this.state === State.Quoted;
  }

  /** The row's bytes without its line end, copied; at most 64 KiB of them. */
  raw(): Uint8Array {
    const end = Math.min(this.rowEnd, this.rowStart + RAW_BYTES_MAX);
    // Not slice(): a Buffer's would share the chunk's memory.
    return this.head ?? new Uint8Array(this.bytes.subarray(this.rowStart, end));
  }

  /** Bytes of the row, as far as they were kept. */
  get rowBytes(): number {
    return this.rowEnd - this.rowStart;
  }

  /** Bytes pushed and not yet given out as rows: their end is where the last complete line may lie. */
  get unread(): Uint8Array {
    return this.bytes.subarray(this.complete ? this.pos : this.rowStart, this.limit);
  }

  /** Points at new bytes, of which the first `kept` are the row in progress. */
  private show(bytes: Uint8Array, kept: number, limit: number): void {
    const shift = this.limit - kept;
    this.pos -= shift;
    this.fieldStart -= shift;
    for (let i = 0; i < Math.min(this.fields, COLUMNS_MAX); i++) {
      this.starts[i]! -= shift;
      this.ends[i]! -= shift;
    }
    this.rowStart = 0;
    this.bytes = bytes;
    this.limit = limit;
  }

  /** Too long in any case: the last byte scanned may be the CR of its line end, which does not count. */
  private outgrown(): boolean {
    return this.pos - this.rowStart > this.dialect.rowBytesMax + 1;
  }

  /** Lets go of the scanned part of a row that is too long, so that memory stays bounded by rowBytesMax. */
  private dropRow(): void {
    this.rowEnd = this.pos;
    this.head ??= this.raw();
    this.fault = 'too-long';
    this.rowStart = this.pos;
  }

  private beginRow(): void {
    this.rowStart = this.pos;
    this.line = this.nextLine;
    this.fields = 0;
    this.fault = undefined;
    this.head = undefined;
    this.state = State.FieldStart;
    this.complete = false;
  }

  /** The row ends before byte `at` (its line end). */
  private endRow(at: number): void {
    this.rowEnd = at;
    if (at - this.rowStart > this.dialect.rowBytesMax) this.fault = 'too-long';
    this.complete = true;
  }

  private endField(at: number): void {
    const i = this.fields++;
    if (i >= COLUMNS_MAX) return;
    this.starts[i] = this.fieldStart;
    this.ends[i] = at;
    this.forms[i] = this.form;
  }

  /** Scans to the next change of state. False: the bytes ran out before it. */
  private step(): boolean {
    switch (this.state) {
      case State.Bare:
        return this.scanBare();
      case State.Quoted:
        return this.scanQuoted();
      case State.Closing:
        return this.scanClosing();
      default:
        return this.startField();
    }
  }

  private startField(): boolean {
    if (this.pos === this.limit) return false;
    const quoted = this.bytes[this.pos] === this.dialect.quote;
    this.form = quoted ? QUOTED : BARE;
    this.state = quoted ? State.Quoted : State.Bare;
    if (quoted) this.pos++;
    this.fieldStart = this.pos;
    return true;
  }

  /** Takes bare fields for as long as they follow one another. */
  private scanBare(): boolean {
    const { bytes, limit, high } = this;
    const { delimiter, quote } = this.dialect;
    for (let pos = this.pos; pos < limit; pos++) {
      const byte = bytes[pos]!;
      if (byte > high) continue;
      if (byte === delimiter) {
        this.endField(pos);
        this.fieldStart = pos + 1;
        if (pos + 1 < limit && bytes[pos + 1] !== quote) continue;
        this.pos = pos + 1;
        this.state = State.FieldStart;
        return true;
      }
      if (byte === LF) {
        const end = pos > this.fieldStart && bytes[pos - 1] === CR ? pos - 1 : pos;
        this.endField(end);
        this.endRow(end);
        this.pos = pos + 1;
        this.nextLine++;
        return true;
      }
    }
    this.pos = limit;
    return false;
  }

  private scanQuoted(): boolean {
    const { bytes, limit } = this;
    const { quote } = this.dialect;
    for (let pos = this.pos; pos < limit; pos++) {
      const byte = bytes[pos]!;
      if (byte === quote) {
        this.pos = pos + 1;
        this.state = State.Closing;
        return true;
      }
      if (byte === LF) this.nextLine++;
    }
    this.pos = limit;
    return false;
  }

  /** Decides what the quote before `pos` was: the first of a doubled one, or the field's last. */
  private scanClosing(): boolean {
    const { bytes, pos, limit } = this;
    if (pos === limit) return false;
    const byte = bytes[pos]!;
    if (byte === this.dialect.quote) {
      this.form = ESCAPED;
      this.state = State.Quoted;
      this.pos++;
      return true;
    }
    if (byte === this.dialect.delimiter) {
      this.endField(pos - 1);
      this.state = State.FieldStart;
      this.pos++;
      return true;
    }
    if (byte === CR && pos + 1 === limit) return false;
    const lineEnd = byte === LF ? 1 : byte === CR && bytes[pos + 1] === LF ? 2 : 0;
    if (lineEnd > 0) {
      this.endField(pos - 1);
      this.endRow(pos);
      this.pos += lineEnd;
      this.nextLine++;
      return true;
    }
    this.fault ??= 'text-after-quote';
    this.form = BARE;
    this.state = State.Bare;
    return true;
  }

  /** The last row, when the file ends without a line end. */
  private finishLast(): boolean {
    if (!this.ended || this.state === State.Quoted) return false;
    if (this.state === State.FieldStart) {
      if (this.fields === 0 && !this.head) return false;
      this.form = BARE;
      this.fieldStart = this.limit;
    }
    const end = this.limit > this.rowStart && this.bytes[this.limit - 1] === CR ? this.limit - 1 : this.limit;
    this.endField(this.state === State.Closing ? this.pos - 1 : Math.max(end, this.fieldStart));
    this.endRow(end);
    this.pos = this.limit;
    return true;
  }
}

/**
 * Writes an ESCAPED field's text, doubled quotes made single, to `target` (at least to - from bytes).
 * Returns its length.
 */
export function unescapeField(
  bytes: Uint8Array,
  from: number,
  to: number,
  quote: number,
  target: Uint8Array,
): number {
  let length = 0;
  for (let pos = from; pos < to; pos++) {
    const byte = bytes[pos]!;
    target[length++] = byte;
    if (byte === quote) pos++;
  }
  return length;
}

import { isUtf8 } from 'node:buffer';
import { BARE, type CsvDialect, CsvTokenizer, ESCAPED, unescapeField } from '../columnar/csv-tokenizer';
import { BatchBuilder } from './batch-builder';
import { textContent } from './content';
import {
  badDialect,
  firstRowTooLong,
  invalidUtf8,
  type RowFault,
  rowTooLong,
  textAfterQuote,
  unterminatedQuote,
  wrongFieldCount,
} from './errors';
import type { DecodedBatch, DecodeRequest, FormatOptions, SourceFile } from './format';
import { type FieldRole, whereTestOf } from './layout';
import { Fit, isNobodys, type Sink, type Where, type WhereTest } from './where';

const LF = 10;
const ROW_BYTES_MAX = 8 * 1024 * 1024;
const FIRST_ROWS = 100;
const FIRST_BYTES = 64 * 1024;

/** The single bytes that the options ask for. @throws TM_2114 */
export function dialectOf(options: FormatOptions, file: string): CsvDialect {
  const byteOf = (text: string, name: string) => {
    const byte = text.charCodeAt(0);
    if (text.length !== 1 || byte > 127 || byte === LF || byte === 13)
      throw badDialect(`${name} ${JSON.stringify(text)} is not one ASCII character`, file);
    return byte;
  };
  const delimiter = byteOf(options.delimiter ?? ',', 'delimiter');
  const quote = byteOf(options.quote ?? '"', 'quote');
  if (delimiter === quote) throw badDialect('delimiter and quote are the same', file);
  return { delimiter, quote, rowBytesMax: options.rowBytesMax ?? ROW_BYTES_MAX };
}

/**
 * The first rows of a CSV file as texts: at most 100, of its first 64 KiB, or the first row if that is longer.
 * So they are the same however the file is chunked, and enough to know its header and width. Malformed rows
 * are left out; invalid UTF-8 shows as U+FFFD.
 * @throws TM_2108, TM_2106, TM_2109 when no row ends within rowBytesMax, TM_2110.
 */
export async function firstRows(file: SourceFile, options: FormatOptions): Promise<string[][]> {
  const dialect = dialectOf(options, file.name);
  const tokenizer = new CsvTokenizer(dialect);
  const rows: string[][] = [];
  const collect = (most: number) => {
    while (rows.length < most && tokenizer.next()) {
      if (tokenizer.fault === 'too-long' && rows.length === 0)
        throw firstRowTooLong(dialect.rowBytesMax, file.name);
      if (!tokenizer.fault && !isBlank(tokenizer)) rows.push(textsOf(tokenizer, dialect.quote));
    }
  };
  let scanned = 0;
  for await (const chunk of textContent(file)) {
    const head = chunk.subarray(0, Math.max(0, FIRST_BYTES - scanned));
    if (head.length > 0) tokenizer.push(head);
    collect(FIRST_ROWS);
    scanned += chunk.length;
    if (rows.length >= FIRST_ROWS) return rows;
    if (scanned < FIRST_BYTES) continue;
    if (rows.length === 0 && head.length < chunk.length) tokenizer.push(chunk.subarray(head.length));
    collect(1);
    if (rows.length > 0) return rows;
    if (scanned > dialect.rowBytesMax) throw firstRowTooLong(dialect.rowBytesMax, file.name);
  }
  tokenizer.end();
  collect(FIRST_ROWS);
  if (rows.length === 0 && tokenizer.unterminated) throw unterminatedQuote(tokenizer.line, file.name);
  return rows;
}

function textsOf(tokenizer: CsvTokenizer, quote: number): string[] {
  const texts: string[] = [];
  for (let i = 0; i < Math.min(tokenizer.fields, tokenizer.starts.length); i++) {
    const field = new Uint8Array(tokenizer.bytes.subarray(tokenizer.starts[i], tokenizer.ends[i]));
    const length =
      tokenizer.forms[i] === ESCAPED ? unescapeField(field, 0, field.length, quote, field) : field.length;
    texts.push(Buffer.from(field.buffer, 0, length).toString('utf8'));
  }
  return texts;
}

/** A line without any byte. In a file of one column it is a NULL, in others an editor's leftover. */
function isBlank(tokenizer: CsvTokenizer): boolean {
  return tokenizer.fields === 1 && tokenizer.forms[0] === BARE && tokenizer.starts[0] === tokenizer.ends[0];
}

/**
 * A CSV file's rows as batches; `layout` says what its fields are, `header` that its first row is none.
 * @throws TM_2106 and TM_2110 where the rest cannot be read; whole batches came before.
 */
export async function* csvBatches(
  request: DecodeRequest,
  layout: readonly FieldRole[],
  header: boolean,
): AsyncIterable<DecodedBatch> {
  const dialect = dialectOf(request.options, request.file.name);
  const tokenizer = new CsvTokenizer(dialect);
  const batch = new BatchBuilder(layout, request, request.options.decimalComma);
  const rows = new RowReader(tokenizer, dialect, request, batch, layout);
  let skip = header;
  let checked = false;
  const fill = (): boolean => {
    while (tokenizer.next()) {
      if ((layout.length > 1 || skip) && isBlank(tokenizer)) continue;
      if (!skip) rows.take(checked);
      skip = false;
      if (batch.full) return true;
    }
    return false;
  };
  for await (const chunk of textContent(request.file)) {
    tokenizer.push(chunk);
    const { unread } = tokenizer;
    checked = isUtf8(unread.subarray(0, unread.lastIndexOf(LF) + 1));
    while (fill()) yield batch.finish();
  }
  tokenizer.end();
  checked = isUtf8(tokenizer.unread);
  while (fill()) yield batch.finish();
  if (tokenizer.unterminated) throw unterminatedQuote(tokenizer.line, request.file.name);
  if (!batch.empty) yield batch.finish();
}

/** Writes the tokenizer's row to the batch. */
class RowReader {
  private readonly nullLiteral: Uint8Array;
  private readonly quotedEmptyIsNull: boolean;
  private readonly test: WhereTest | undefined;
  private readonly where: Where | undefined;
  private readonly hasBefore: boolean;
  private scratch = new Uint8Array(1024);

  constructor(
    private readonly tokenizer: CsvTokenizer,
    private readonly dialect: CsvDialect,
    request: DecodeRequest,
    private readonly batch: BatchBuilder,
    private readonly layout: readonly FieldRole[],
  ) {
    const { options, where } = request;
    this.where = where;
    this.hasBefore = layout.some(({ role }) => role === 'before');
    this.test = whereTestOf(layout, request);
    this.nullLiteral = Buffer.from(options.nullLiteral ?? '');
    this.quotedEmptyIsNull = options.quotedEmptyIsNull ?? false;
  }

  /** `checked`: the row's bytes are known to be UTF-8. */
  take(checked: boolean): void {
    const { tokenizer, batch } = this;
    const broken = this.shapeFault() ?? (checked ? undefined : this.utf8Fault());
    const fit = broken || !this.test ? Fit.Fits : this.fit(this.test);
    const isOut = fit !== Fit.Fits && this.where?.leavesOut === true;
    const fault = broken ?? (isOut ? undefined : this.fields(fit));
    if (isOut || (fault && this.isNobodys(fit, fault))) batch.leaveOut(tokenizer.rowBytes);
    else if (fault) batch.reject(fault, tokenizer.line, tokenizer.raw());
    else batch.keep(tokenizer.line, tokenizer.rowBytes, fit);
  }

  private isNobodys(fit: Fit, fault: RowFault): boolean {
    return this.where !== undefined && !this.hasBefore && isNobodys(this.where, fit, fault);
  }

  private shapeFault(): RowFault | undefined {
    const { fault, fields } = this.tokenizer;
    if (fault === 'too-long') return rowTooLong(this.dialect.rowBytesMax);
    if (fault === 'text-after-quote') return textAfterQuote();
    return fields === this.layout.length ? undefined : wrongFieldCount(fields, this.layout.length);
  }

  private utf8Fault(): RowFault | undefined {
    const { bytes, starts, ends, fields } = this.tokenizer;
    for (let i = 0; i < fields; i++)
      if (!isUtf8(bytes.subarray(starts[i], ends[i]))) return invalidUtf8(this.layout[i]!.name);
    return undefined;
  }

  private fit(test: WhereTest): Fit {
    test.begin();
    for (const i of test.fields) this.field(i, test);
    return test.fit;
  }

  private fields(fit: Fit): RowFault | undefined {
    const { fields } = this.tokenizer;
    const { batch } = this;
    let fault: RowFault | undefined;
    for (let i = 0; i < fields && !fault; i++) {
      if (fit === Fit.Fits || batch.isNeeded(i)) fault = this.field(i, batch);
      else batch.skip(i);
    }
    return fault;
  }

  private field<Fault>(i: number, sink: Sink<Fault>): Fault | undefined {
    const { bytes, starts, ends, forms } = this.tokenizer;
    const from = starts[i]!;
    const to = ends[i]!;
    const form = forms[i]!;
    if (form === BARE ? this.isNull(bytes, from, to) : from === to && this.quotedEmptyIsNull)
      return sink.null(i);
    if (form !== ESCAPED) return sink.text(i, bytes, from, to);
    if (this.scratch.length < to - from) this.scratch = new Uint8Array(2 * (to - from));
    const length = unescapeField(bytes, from, to, this.dialect.quote, this.scratch);
    return sink.text(i, this.scratch, 0, length);
  }

  private isNull(bytes: Uint8Array, from: number, to: number): boolean {
    const { nullLiteral } = this;
    if (to - from !== nullLiteral.length) return false;
    for (let i = 0; i < nullLiteral.length; i++) if (bytes[from + i] !== nullLiteral[i]) return false;
    return true;
  }
}

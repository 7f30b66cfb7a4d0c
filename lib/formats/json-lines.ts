import { isUtf8 } from 'node:buffer';
import { CsvTokenizer } from '../columnar/csv-tokenizer';
import { BatchBuilder } from './batch-builder';
import { textContent } from './content';
import { invalidUtf8, noOpColumn, notJsonObject, type RowFault, rowTooLong, rowWithoutOp } from './errors';
import type { DecodedBatch, DecodeRequest, Format } from './format';
import { JsonKind, JsonScanner, unescapeString } from './json-scanner';
import { dataColumns, type FieldRole, layoutOf, plainBookkeeping } from './layout';

const ROW_BYTES_MAX = 8 * 1024 * 1024;
/** -1 is no byte: the tokenizer then gives whole lines. */
const NO_BYTE = -1;
const UNSEEN = -1;

/**
 * JSON lines: one object a line, its members the columns. A member that is missing is absent, one that is null
 * is NULL. Numbers keep every digit; an object or array is taken as its JSON text. Rows are inserts unless the
 * options name an op member. Members come and go from line to line, so the file is read twice: for the names
 * first.
 */
export const jsonLines: Format = {
  kind: 'json-lines',
  async open(request) {
    const { columns, options, file } = request;
    const keys = await keysOf(request);
    const declared = columns.map(column => column.name).filter(name => keys.has(name));
    const names = [...new Set([...declared, ...keys])];
    const bookkeeping = plainBookkeeping(options);
    if (bookkeeping.op && keys.size > 0 && !keys.has(bookkeeping.op) && !options.load)
      throw noOpColumn(bookkeeping.op, file.name);
    const layout = names.length > 0 ? layoutOf(names, request, bookkeeping) : [];
    return { columns: dataColumns(layout), batches: () => batches(request, names, layout) };
  },
};

/** Every member name of the file, in the order first seen. */
async function keysOf(request: DecodeRequest): Promise<Set<string>> {
  const lines = new Lines(request);
  const scanner = new JsonScanner();
  const keys = new KeyTable([]);
  for await (const _ of lines.chunks()) {
    while (lines.next()) {
      if (lines.fault() || scanner.scan(lines.bytes, lines.from, lines.to)) continue;
      for (let i = 0; i < scanner.members; i++) keys.find(lines.bytes, scanner, i, true);
    }
  }
  return new Set(keys.names);
}

async function* batches(
  request: DecodeRequest,
  names: readonly string[],
  layout: readonly FieldRole[],
): AsyncIterable<DecodedBatch> {
  const batch = new BatchBuilder(layout, request);
  const lines = new Lines(request);
  const rows = new ObjectReader(batch, names, layout, request.options.load ?? false);
  for await (const _ of lines.chunks()) {
    while (lines.next()) {
      const fault = lines.fault() ?? rows.take(lines.bytes, lines.from, lines.to);
      if (fault) batch.reject(fault, lines.line, lines.raw());
      else batch.keep(lines.line, lines.to - lines.from);
      if (batch.full) yield batch.finish();
    }
  }
  if (!batch.empty) yield batch.finish();
}

/** The lines of a file, blank ones left out. While one is read, `bytes`, `from` and `to` say where it is. */
class Lines {
  private readonly tokenizer: CsvTokenizer;
  private readonly rowBytesMax: number;

  constructor(private readonly request: DecodeRequest) {
    this.rowBytesMax = request.options.rowBytesMax ?? ROW_BYTES_MAX;
    this.tokenizer = new CsvTokenizer({ delimiter: NO_BYTE, quote: NO_BYTE, rowBytesMax: this.rowBytesMax });
  }

  get bytes(): Uint8Array {
    return this.tokenizer.bytes;
  }

  get from(): number {
    return this.tokenizer.starts[0]!;
  }

  get to(): number {
    return this.tokenizer.ends[0]!;
  }

  get line(): number {
    return this.tokenizer.line;
  }

  raw(): Uint8Array {
    return this.tokenizer.raw();
  }

  /** Yields whenever more lines may have come; next() then steps through them without a promise a line. */
  async *chunks(): AsyncIterable<void> {
    for await (const chunk of textContent(this.request.file)) {
      this.tokenizer.push(chunk);
      yield;
    }
    this.tokenizer.end();
    yield;
  }

  next(): boolean {
    while (this.tokenizer.next()) if (!this.blank()) return true;
    return false;
  }

  fault(): RowFault | undefined {
    if (this.tokenizer.fault === 'too-long') return rowTooLong(this.rowBytesMax);
    return isUtf8(this.bytes.subarray(this.from, this.to)) ? undefined : invalidUtf8();
  }

  private blank(): boolean {
    if (this.tokenizer.fault) return false;
    for (let i = this.from; i < this.to; i++) if (this.bytes[i] !== 32 && this.bytes[i] !== 9) return false;
    return true;
  }
}

/** Member names by number. Lines mostly have the same members in the same order: the next one is tried first. */
class KeyTable {
  readonly names: string[];
  private readonly encoded: Uint8Array[];
  private readonly numbers: Map<string, number>;
  private expected = 0;

  constructor(names: readonly string[]) {
    this.names = [...names];
    this.encoded = names.map(name => Buffer.from(name));
    this.numbers = new Map(names.map((name, i) => [name, i]));
  }

  /** The number of the scanner's member i; a new one's if `add`, else undefined, as for a broken escape. */
  find(bytes: Uint8Array, scanner: JsonScanner, i: number, add = false): number | undefined {
    const from = scanner.keyStarts[i]!;
    const to = scanner.keyEnds[i]!;
    const expected = i === 0 ? 0 : this.expected;
    let found: number | undefined = expected;
    if (scanner.keyEscaped[i] === 1 || !this.matches(expected, bytes, from, to)) {
      const name =
        scanner.keyEscaped[i] === 1
          ? unescapeString(bytes, from, to)
          : Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8');
      if (name === undefined) return undefined;
      found = this.numbers.get(name);
      if (found === undefined && add) {
        found = this.names.push(name) - 1;
        this.encoded.push(Buffer.from(name));
        this.numbers.set(name, found);
      }
    }
    this.expected = (found ?? expected) + 1;
    return found;
  }

  private matches(number: number, bytes: Uint8Array, from: number, to: number): boolean {
    const name = this.encoded[number];
    if (name?.length !== to - from) return false;
    for (let i = 0; i < name.length; i++) if (name[i] !== bytes[from + i]) return false;
    return true;
  }
}

/** Writes one object to the batch. */
class ObjectReader {
  private readonly scanner = new JsonScanner();
  private readonly keys: KeyTable;
  /** Per field: the row that last had it. */
  private readonly seen: Float64Array;
  private readonly op: number;
  private row = 0;

  constructor(
    private readonly batch: BatchBuilder,
    names: readonly string[],
    private readonly layout: readonly FieldRole[],
    private readonly load: boolean,
  ) {
    this.keys = new KeyTable(names);
    this.seen = new Float64Array(names.length).fill(UNSEEN);
    this.op = layout.findIndex(field => field.role === 'op');
  }

  take(bytes: Uint8Array, from: number, to: number): RowFault | undefined {
    const { scanner, seen } = this;
    const row = this.row++;
    const broken = scanner.scan(bytes, from, to);
    if (broken) return notJsonObject(broken);
    for (let i = 0; i < scanner.members; i++) {
      const field = this.keys.find(bytes, scanner, i);
      if (field === undefined) return notJsonObject('a name with a broken escape');
      if (seen[field] === row) return notJsonObject(`member ${this.layout[field]!.name} stands twice`);
      seen[field] = row;
      const fault = this.value(field, bytes, i);
      if (fault) return fault;
    }
    if (this.op >= 0 && seen[this.op] !== row && !this.load) return rowWithoutOp(this.layout[this.op]!.name);
    for (let field = 0; field < seen.length; field++) if (seen[field] !== row) this.batch.absent(field);
    return undefined;
  }

  private value(field: number, bytes: Uint8Array, i: number): RowFault | undefined {
    const from = this.scanner.starts[i]!;
    const to = this.scanner.ends[i]!;
    const kind: JsonKind = this.scanner.kinds[i]!;
    if (kind === JsonKind.Null) return this.batch.null(field);
    if (kind !== JsonKind.Escaped) return this.batch.text(field, bytes, from, to);
    const text = unescapeString(bytes, from, to);
    if (text === undefined) return notJsonObject(`${this.layout[field]!.name}: a broken escape`);
    const unescaped = Buffer.from(text);
    return this.batch.text(field, unescaped, 0, unescaped.length);
  }
}

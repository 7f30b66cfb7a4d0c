import { isUtf8 } from 'node:buffer';
import { CsvTokenizer } from '../columnar/csv-tokenizer';
import { BatchBuilder } from './batch-builder';
import { textContent } from './content';
import { invalidUtf8, noHeader, noOpColumn, type RowFault, rowTooLong } from './errors';
import type { DecodedBatch, DecodeRequest, Format } from './format';
import { LineMembers } from './json-members';
import { LEFT_OUT, LineFilter, ObjectReader } from './json-rows';
import { dataColumns, type FieldRole, plainBookkeeping } from './layout';
import { Fit } from './where';

const ROW_BYTES_MAX = 8 * 1024 * 1024;
/** -1 is no byte: the tokenizer then gives whole lines. */
const NO_BYTE = -1;

/**
 * JSON lines: one object a line, its members the columns. A member that is missing is absent, one that is null
 * is NULL. Numbers keep every digit; an object or array is taken as its JSON text. Rows are inserts unless the
 * options name an op member. Members come and go from line to line, so the file is read twice: for the names
 * first, those of rows that do not fit left out.
 */
export const jsonLines: Format = {
  kind: 'json-lines',
  async open(request) {
    const members = new LineMembers(request, plainBookkeeping(request.options));
    const filter = new LineFilter(request, members);
    const named = await namedFields(request, members, filter);
    const layout = layoutOf(request, members, named);
    return { columns: dataColumns(layout), batches: () => batches(request, layout, { members, filter }) };
  },
};

interface Reading {
  readonly members: LineMembers;
  readonly filter: LineFilter;
}

/** The fields that rows name which may be the table's, in the order first seen. */
async function namedFields(
  request: DecodeRequest,
  members: LineMembers,
  filter: LineFilter,
): Promise<ReadonlySet<number>> {
  const lines = new Lines(request);
  const named = new Set<number>();
  for await (const _ of lines.chunks()) {
    while (lines.next()) {
      if (lines.fault() || members.read(lines.bytes, lines.from, lines.to)) continue;
      if (members.clash || filter.fit(lines.bytes) !== Fit.Fits) continue;
      for (const field of members.seen) named.add(field);
    }
  }
  return named;
}

/** The declared columns that are named, in their order, then what else is, and the text of the row. */
function layoutOf(
  { file, columns, options, where, record = {} }: DecodeRequest,
  members: LineMembers,
  named: ReadonlySet<number>,
): FieldRole[] {
  const { op } = plainBookkeeping(options);
  const all = members.layout;
  if (op && all.length > 0 && !all.some(({ role }) => role === 'op') && !options.load)
    throw noOpColumn(op, file.name);
  // Of a row that does not fit, its key and what is said of it beside its columns are read all the same.
  const isRead = ({ role, name }: FieldRole, field: number) =>
    named.has(field) || role !== 'data' || where?.key.includes(name) === true;
  const fields = all.filter(isRead);
  if (fields.some(({ name }) => name === '')) throw noHeader('a column without a name', file.name);
  const place = ({ role, name }: FieldRole) => {
    const at = role === 'data' ? columns.findIndex(column => column.name === name) : -1;
    return at < 0 ? columns.length : at;
  };
  fields.sort((a, b) => place(a) - place(b));
  const text = columns.find(({ name }) => name === record.text);
  return text ? [...fields, { role: 'data', name: text.name, type: text.type }] : fields;
}

async function* batches(
  request: DecodeRequest,
  layout: readonly FieldRole[],
  reading: Reading,
): AsyncIterable<DecodedBatch> {
  const batch = new BatchBuilder(layout, request);
  const lines = new Lines(request);
  const rows = new ObjectReader(batch, layout, { ...reading, request });
  for await (const _ of lines.chunks()) {
    while (lines.next()) {
      const fault = lines.fault() ?? rows.take(lines.bytes, lines.from, lines.to);
      if (fault === LEFT_OUT) batch.leaveOut(lines.to - lines.from);
      else if (fault) batch.reject(fault, lines.line, lines.raw());
      else batch.keep(lines.line, lines.to - lines.from, rows.fit);
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

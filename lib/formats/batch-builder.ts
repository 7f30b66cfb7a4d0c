import { OP_INSERT, opOf } from '../change/op';
import { ColumnBuilder } from '../columnar/builder';
import type { Column } from '../columnar/column';
import { parseFault, type TextReader, textReader } from '../columnar/parse-text';
import { invalidUtf8, type RowFault, unknownOp, unparsableValue } from './errors';
import type { BadRow, DecodedBatch, DecodeRequest } from './format';
import type { FieldRole } from './layout';
import { Fit, type Sink } from './where';

/** A field with the builder its values go to. The op goes elsewhere and has none. */
interface Slot extends FieldRole {
  readonly builder: ColumnBuilder | undefined;
  readonly read: TextReader;
  absent: Uint8Array | undefined;
}

const ROWS_FIRST = 1024;

/**
 * Collects rows into a DecodedBatch. A row is written field by field, then kept or, after a fault, taken back
 * whole: no column is ever longer than another between rows.
 */
export class BatchBuilder implements Sink<RowFault> {
  private readonly slots: Slot[];
  private readonly ops: Uint8Array;
  private readonly rows: Float64Array;
  private readonly lines: Float64Array;
  private readonly fits: Uint8Array | undefined;
  private leftOut = 0;
  private bad: BadRow[] = [];
  private length = 0;
  private bytes = 0;
  /** 0-based ordinal in the file of the row being written. */
  private ordinal = 0;
  private op = OP_INSERT;

  constructor(
    layout: readonly FieldRole[],
    private readonly request: Pick<DecodeRequest, 'batchRows' | 'batchBytes' | 'where'>,
    private readonly decimalComma = false,
  ) {
    this.slots = layout.map(field => this.slotOf(field));
    this.ops = new Uint8Array(request.batchRows);
    this.rows = new Float64Array(request.batchRows);
    this.lines = new Float64Array(request.batchRows);
    if (request.where && !request.where.leavesOut) this.fits = new Uint8Array(request.batchRows);
  }

  private slotOf(field: FieldRole): Slot {
    const capacity = Math.min(this.request.batchRows, ROWS_FIRST);
    return {
      ...field,
      builder: field.role === 'op' ? undefined : new ColumnBuilder(field.type, capacity),
      read: textReader(field.type, { decimalComma: this.decimalComma, utf8Checked: true }),
      absent: undefined,
    };
  }

  /** One more field, between rows. The rows so far lack it: it is NULL in them, or absent. */
  add(field: FieldRole, missing: 'null' | 'absent'): void {
    const slot = this.slotOf(field);
    for (let i = 0; i < this.length; i++) slot.builder?.appendNull();
    if (missing === 'absent') slot.absent = new Uint8Array(this.request.batchRows).fill(1, 0, this.length);
    this.slots.push(slot);
  }

  /** The batch has reached its bounds and must be finished before the next row. */
  get full(): boolean {
    return this.length + this.bad.length >= this.request.batchRows || this.bytes >= this.request.batchBytes;
  }

  get empty(): boolean {
    return this.length + this.bad.length + this.leftOut === 0;
  }

  /** Writes a field's text, which is UTF-8. */
  text(field: number, bytes: Uint8Array, from: number, to: number): RowFault | undefined {
    const slot = this.slots[field]!;
    if (!slot.builder) return this.takeOp(slot.name, bytes, from, to);
    const why = slot.read(slot.builder, bytes, from, to);
    if (why === undefined) return undefined;
    const fault = parseFault(slot.type, bytes, from, to, why);
    return fault.kind === 'utf8' ? invalidUtf8(slot.name) : unparsableValue(slot.name, fault.reason);
  }

  null(field: number): RowFault | undefined {
    const slot = this.slots[field]!;
    if (!slot.builder) return unknownOp('', slot.name);
    slot.builder.appendNull();
    return undefined;
  }

  /** The row lacks the field, which is not NULL. */
  absent(field: number): void {
    const slot = this.slots[field]!;
    slot.builder?.appendNull();
    slot.absent ??= new Uint8Array(this.request.batchRows);
    slot.absent[this.length] = 1;
  }

  /** Nothing is taken of the field, as the row does not fit. */
  skip(field: number): void {
    const slot = this.slots[field]!;
    if (slot.role === 'before') this.absent(field);
    else slot.builder?.appendNull();
  }

  /** Whether a field is read of a row that does not fit. */
  isNeeded(field: number): boolean {
    const { role, name } = this.slots[field]!;
    return (role !== 'data' && role !== 'before') || (this.request.where?.key.includes(name) ?? true);
  }

  private takeOp(column: string, bytes: Uint8Array, from: number, to: number): RowFault | undefined {
    const op = to - from === 1 ? opOf(String.fromCharCode(bytes[from]!)) : undefined;
    if (op === undefined) {
      const text = Buffer.from(bytes.subarray(from, Math.min(to, from + 20))).toString('utf8');
      return unknownOp(text, column);
    }
    this.op = op;
    return undefined;
  }

  /** The op of the row being written, once its field is. */
  get rowOp(): number {
    return this.op;
  }

  /** The row, which starts on `line`, is complete: `bytes` of the file's content went into it. */
  keep(line: number, bytes: number, fit = Fit.Fits): void {
    if (this.fits) this.fits[this.length] = fit;
    this.ops[this.length] = this.op;
    this.lines[this.length] = line;
    this.rows[this.length++] = this.ordinal++;
    this.bytes += bytes;
    this.op = OP_INSERT;
  }

  /** The row is bad: what was written of it is taken back. */
  reject(fault: RowFault, line: number, raw: Uint8Array): void {
    this.bad.push({ row: this.ordinal, line, ...fault, raw });
    this.takeBack(raw.length);
  }

  /** The row is not the table's: what was written of it is taken back. */
  leaveOut(bytes: number): void {
    this.leftOut++;
    this.takeBack(bytes);
  }

  private takeBack(bytes: number): void {
    for (const { builder, absent } of this.slots) {
      if (builder && builder.length > this.length) builder.removeLast();
      if (absent) absent[this.length] = 0;
    }
    this.ordinal++;
    this.bytes += bytes;
    this.op = OP_INSERT;
  }

  /** The rows so far; the builder is empty afterwards. */
  finish(): DecodedBatch {
    const { length, bad, leftOut } = this;
    const named = (role: FieldRole['role']): [string, Column][] =>
      this.slots.filter(slot => slot.role === role).map(slot => [slot.name, slot.builder!.finish()]);
    const data = this.slots.filter(slot => slot.role === 'data');
    const absent = data.map(slot => slot.absent?.slice(0, length));
    const before = named('before');
    const unknown = this.slots.flatMap(({ role, name, absent: flags }): [string, Uint8Array][] =>
      role === 'before' && flags ? [[name, flags.slice(0, length)]] : [],
    );
    const batch: DecodedBatch = {
      length,
      columns: data.map(slot => slot.builder!.finish()),
      ops: this.ops.slice(0, length),
      row: this.rows.slice(0, length),
      line: this.lines.slice(0, length),
      absent: absent.some(flags => flags !== undefined) ? absent : undefined,
      changedAt: named('changedAt')[0]?.[1],
      sequence: named('sequence')[0]?.[1],
      before: before.length > 0 ? new Map(before) : undefined,
      ...(unknown.length > 0 ? { beforeUnknown: new Map(unknown) } : {}),
      bad,
      ...(this.fits ? { fit: this.fits.slice(0, length) } : {}),
      ...(leftOut > 0 ? { leftOut } : {}),
    };
    for (const slot of this.slots) slot.absent = undefined;
    this.length = 0;
    this.bytes = 0;
    this.leftOut = 0;
    this.bad = [];
    return batch;
  }
}

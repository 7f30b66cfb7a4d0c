import { OP_INSERT, opOf } from '../change/op';
import { ColumnBuilder } from '../columnar/builder';
import type { Column, VarColumn } from '../columnar/column';
import { gather, isNull, valueAt } from '../columnar/kernels';
import { parseFault, textReader } from '../columnar/parse-text';
import type { PrimitiveType } from '../columnar/types';
import { type RowFault, unknownOp, unparsableValue } from './errors';
import type { BadRow, DecodedBatch } from './format';
import type { FieldRole } from './layout';

/** Typed columns of a file, batch after batch, to decoded batches: ops read, texts parsed, bad rows taken out. */
export class TypedRows {
  private ordinal = 0;

  constructor(private readonly layout: readonly FieldRole[]) {}

  /** `stored` are the columns of the layout's fields, of their types or string. */
  read(stored: readonly Column[]): DecodedBatch {
    const length = stored[0]?.length ?? 0;
    const faults = new Map<number, RowFault>();
    const ops = new Uint8Array(length).fill(OP_INSERT);
    const read = stored.map((column, i) => {
      const field = this.layout[i]!;
      if (field.role === 'op') readOps(column as VarColumn, field.name, ops, faults);
      else if (column.type !== field.type) return parsed(column as VarColumn, field.name, field.type, faults);
      return column;
    });
    const first = this.ordinal;
    this.ordinal += length;
    const bad = [...faults].map(([i, fault]) => badRow(first + i, fault, stored, i, this.layout));
    bad.sort((a, b) => a.row - b.row);
    const kept = goodRows(length, faults);
    return this.batch(kept.length === length ? read : read.map(column => gather(column, kept)), {
      length: kept.length,
      ops: Uint8Array.from(kept, i => ops[i]!),
      row: Float64Array.from(kept, i => first + i),
      line: Float64Array.from(kept, i => first + i + 1),
      bad,
    });
  }

  private batch(
    columns: readonly Column[],
    rest: Pick<DecodedBatch, 'length' | 'ops' | 'row' | 'line' | 'bad'>,
  ): DecodedBatch {
    const of = (role: FieldRole['role']) => columns.filter((_, i) => this.layout[i]!.role === role);
    const names = this.layout.filter(field => field.role === 'before').map(field => field.name);
    const before = of('before').map((column, i): [string, Column] => [names[i]!, column]);
    return {
      ...rest,
      columns: of('data'),
      changedAt: of('changedAt')[0],
      sequence: of('sequence')[0],
      before: before.length > 0 ? new Map(before) : undefined,
    };
  }
}

function goodRows(length: number, faults: ReadonlyMap<number, RowFault>): Uint32Array {
  const kept = new Uint32Array(length - faults.size);
  let next = 0;
  for (let i = 0; i < length; i++) if (!faults.has(i)) kept[next++] = i;
  return kept;
}

/** A row's first fault is the one it is reported with. */
function note(faults: Map<number, RowFault>, row: number, fault: RowFault): void {
  if (!faults.has(row)) faults.set(row, fault);
}

function readOps(column: VarColumn, name: string, ops: Uint8Array, faults: Map<number, RowFault>): void {
  for (let i = 0; i < column.length; i++) {
    const letter = isNull(column, i) ? '' : String(valueAt(column, i));
    const op = opOf(letter);
    if (op === undefined) note(faults, i, unknownOp(letter.slice(0, 20), name));
    else ops[i] = op;
  }
}

/** A column of texts as one of `type`; a text that is none is a fault, and NULL in the column. */
function parsed(column: VarColumn, name: string, type: PrimitiveType, faults: Map<number, RowFault>): Column {
  const builder = new ColumnBuilder(type, column.length);
  const read = textReader(type, { utf8Checked: true });
  const { data, offsets } = column;
  for (let i = 0; i < column.length; i++) {
    if (isNull(column, i)) {
      builder.appendNull();
      continue;
    }
    const why = read(builder, data, offsets[i]!, offsets[i + 1]!);
    if (why === undefined) continue;
    builder.appendNull();
    const { reason } = parseFault(type, data, offsets[i]!, offsets[i + 1]!, why);
    note(faults, i, unparsableValue(name, reason));
  }
  return builder.finish();
}

/** The row as JSON, since in a columnar file it has no bytes of its own: numbers past 2^53 and bytes as text. */
function badRow(
  row: number,
  fault: RowFault,
  columns: readonly Column[],
  i: number,
  layout: readonly FieldRole[],
): BadRow {
  const shown = columns.map((column, c) => {
    const value = valueAt(column, i);
    const json =
      typeof value === 'bigint'
        ? String(value)
        : value instanceof Uint8Array
          ? Buffer.from(value).toString('hex')
          : value;
    return [layout[c]!.role === 'before' ? `BI_${layout[c]!.name}` : layout[c]!.name, json];
  });
  return { row, line: row + 1, ...fault, raw: Buffer.from(JSON.stringify(Object.fromEntries(shown))) };
}

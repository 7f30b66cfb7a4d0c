import { OP_INSERT, opOf } from '../change/op';
import { ColumnBuilder } from '../columnar/builder';
import type { Column, VarColumn } from '../columnar/column';
import { gather, gatherFrom, isNull, nullColumn, valueAt } from '../columnar/kernels';
import { parseFault, textReader } from '../columnar/parse-text';
import type { PrimitiveType, Scalar } from '../columnar/types';
import { type RowFault, unknownOp, unparsableValue } from './errors';
import type { BadRow, DecodedBatch, DecodeRequest } from './format';
import type { FieldRole } from './layout';
import { Fit, isNobodys, meantBy, type Where } from './where';

/** Typed columns of a file, batch after batch, to decoded batches: ops read, texts parsed, bad rows taken out. */
export class TypedRows {
  private ordinal = 0;

  private readonly where: Where | undefined;
  /** The values that are asked for, by field. */
  private readonly meant = new Map<number, Scalar>();

  /** @throws TM_2186 */
  constructor(
    private readonly layout: readonly FieldRole[],
    { where, file }: Pick<DecodeRequest, 'where' | 'file'>,
  ) {
    this.where = where;
    for (const [i, { role, name, type }] of layout.entries())
      if (where && role === 'data' && Object.hasOwn(where.equals, name))
        this.meant.set(i, meantBy(where, { name, type }, file.name));
  }

  /** `stored` are the columns of the layout's fields, of their types or string. */
  read(stored: readonly Column[]): DecodedBatch {
    const length = stored[0]?.length ?? 0;
    const faults = new Map<number, RowFault>();
    const ops = new Uint8Array(length).fill(OP_INSERT);
    const unfit = this.unfitRows(stored);
    const read = stored.map((column, i) => {
      const { role, name, type } = this.layout[i]!;
      if (role === 'op') readOps(column as VarColumn, name, ops, faults);
      const masked = this.isNeeded(i) ? undefined : unfit;
      if (role !== 'op' && column.type !== type)
        return parsed(column as VarColumn, { name, type, unfit: masked }, faults);
      return masked ? withoutUnfit(column, masked) : column;
    });
    const first = this.ordinal;
    this.ordinal += length;
    const out = unfit && this.leftOut(unfit, faults);
    for (const i of faults.keys()) if (out?.[i]) faults.delete(i);
    const bad = [...faults].map(([i, fault]) => badRow(first + i, fault, stored, i, this.layout));
    bad.sort((a, b) => a.row - b.row);
    const kept = goodRows(length, faults, out);
    return this.batch(kept.length === length ? read : read.map(column => gather(column, kept)), {
      length: kept.length,
      ops: Uint8Array.from(kept, i => ops[i]!),
      row: Float64Array.from(kept, i => first + i),
      line: Float64Array.from(kept, i => first + i + 1),
      bad,
      ...(this.where && !this.where.leavesOut
        ? { fit: Uint8Array.from(kept, i => (unfit?.[i] ? Fit.Unfit : Fit.Fits)) }
        : {}),
      ...(out ? { leftOut: length - kept.length - bad.length } : {}),
    });
  }

  /** 1 for rows without the values that are asked for; undefined where all have them. A text that is no value passes. */
  private unfitRows(stored: readonly Column[]): Uint8Array | undefined {
    let unfit: Uint8Array | undefined;
    for (const [field, meant] of this.meant) {
      const { name, type } = this.layout[field]!;
      const column = stored[field]!;
      const faults = new Map<number, RowFault>();
      const read = column.type === type ? column : parsed(column as VarColumn, { name, type }, faults);
      for (let i = 0; i < read.length; i++) {
        if (valueAt(read, i) === meant || faults.has(i)) continue;
        unfit ??= new Uint8Array(read.length);
        unfit[i] = 1;
      }
    }
    return unfit;
  }

  /** 1 for the rows that are left out. */
  private leftOut(unfit: Uint8Array, faults: ReadonlyMap<number, RowFault>): Uint8Array {
    const where = this.where!;
    if (where.leavesOut) return unfit;
    const out = new Uint8Array(unfit.length);
    if (this.layout.some(({ role }) => role === 'before')) return out;
    for (const [i, fault] of faults) if (unfit[i] && isNobodys(where, Fit.Unfit, fault)) out[i] = 1;
    return out;
  }

  /** Whether the field is read of a row that does not fit. */
  private isNeeded(field: number): boolean {
    const { role, name } = this.layout[field]!;
    return (role !== 'data' && role !== 'before') || (this.where?.key.includes(name) ?? true);
  }

  private batch(columns: readonly Column[], rest: Omit<DecodedBatch, 'columns'>): DecodedBatch {
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

/** NULL in rows that do not fit. */
function withoutUnfit(column: Column, unfit: Uint8Array): Column {
  const row = Uint32Array.from({ length: column.length }, (_, i) => (unfit[i] ? 0 : i));
  return gatherFrom([column, nullColumn(column.type, 1)], unfit, row);
}

function goodRows(
  length: number,
  faults: ReadonlyMap<number, RowFault>,
  out: Uint8Array | undefined,
): Uint32Array {
  const kept = new Uint32Array(length);
  let next = 0;
  for (let i = 0; i < length; i++) if (!faults.has(i) && !out?.[i]) kept[next++] = i;
  return kept.slice(0, next);
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

interface TextColumn {
  readonly name: string;
  readonly type: PrimitiveType;
  /** Rows whose text is of no interest. */
  readonly unfit?: Uint8Array | undefined;
}

/** A column of texts as one of `type`; a text that is none is a fault, and NULL in the column. */
function parsed(column: VarColumn, { name, type, unfit }: TextColumn, faults: Map<number, RowFault>): Column {
  const builder = new ColumnBuilder(type, column.length);
  const read = textReader(type, { utf8Checked: true });
  const { data, offsets } = column;
  for (let i = 0; i < column.length; i++) {
    if (isNull(column, i) || unfit?.[i]) {
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

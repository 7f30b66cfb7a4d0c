import type { Changes } from '../change/changes';
import { OP_INSERT, OP_UPDATE, opOf } from '../change/op';
import { batchBytes } from '../columnar/batch';
import type { Batch, Column, VarColumn } from '../columnar/column';
import { concat, gather, nullColumn } from '../columnar/kernels';
import type { Field } from '../columnar/types';
import { lackingIn } from './absent';
import { ABSENT, CHANGED_AT, ENTRY, OP, ownField, POS_MAJOR, POS_MINOR, SOURCE, userFields } from './columns';
import type { OpenFile } from './data-file';
import { receivedIn, silentOn } from './retyped';

/** The number that the rows of a delta have, by its name. */
export type Numbers = ReadonlyMap<string, number>;

/** Collects rows of log files into Changes. */
export class ChangeReader {
  /** The columns that Changes are made of, each in pieces. What names a row's delta is not held with every row. */
  private readonly kept: readonly { readonly field: Field; pieces: Column[] }[];
  private readonly absent: number[] = [];
  private readonly absentSets: ReadonlySet<number>[] = [new Set()];
  private readonly absentIndex = new Map<string, number>();
  private readonly entry: number[] = [];
  private readonly user: readonly Field[];
  /** What was added so far: rows, and about how many bytes they take. */
  rows = 0;
  bytes = 0;

  private readonly fields: readonly Field[];

  /** @param fields the log's */
  constructor(fields: readonly Field[]) {
    const received = receivedIn(fields);
    this.fields = fields.filter(f => !received.has(f.id));
    this.user = userFields(fields);
    const own = [OP, POS_MAJOR, POS_MINOR, CHANGED_AT].map(name => ownField(fields, name));
    this.kept = [...this.user, ...own].map(field => ({ field, pieces: [] }));
  }

  /** The row group's columns that a fold needs. */
  read(file: OpenFile, rowGroup: number): Promise<Batch> {
    return file.read(rowGroup, this.fields);
  }

  /**
   * Adds rows of a batch that `read` gave: all, or those of `rows`. A row whose delta has no number is left out:
   * it was withdrawn, or its entry is beyond what this fold may see. Gives how many were added.
   */
  add(file: OpenFile, batch: Batch, numbers: Numbers, rows?: Uint32Array): number {
    const entries = entriesOf(textColumn(batch, SOURCE), numbers);
    const wanted = (rows ? [...rows] : [...Array(batch.length).keys()]).filter(row => entries[row]! > 0);
    if (wanted.length === 0) return 0;
    const lacking = lackingIn(file, this.fields);
    const absent = textColumn(batch, ABSENT);
    const ops = textColumn(batch, OP);
    for (const row of wanted) {
      this.entry.push(entries[row]!);
      // A delete or TRUNCATE says nothing of columns: counting them absent would make the table partial for ever.
      const says = opAt(ops, row) === OP_INSERT || opAt(ops, row) === OP_UPDATE;
      this.absent.push(says ? this.absentSetOf(lacking, textAt(absent, row)) : 0);
    }
    const taken = Uint32Array.from(wanted);
    this.rows += wanted.length;
    this.bytes += (batchBytes(batch) * wanted.length) / batch.length;
    for (const { field, pieces } of this.kept) {
      const column = batch.columns[batch.fields.findIndex(f => f.id === field.id)]!;
      pieces.push(wanted.length === batch.length ? column : gather(column, taken));
    }
    return wanted.length;
  }

  finish(): Changes {
    const columns = new Map(this.kept.map(kept => [kept.field.name, joined(kept)]));
    const own = (name: string) => columns.get(name)!;
    const ops = varColumn(own(OP), OP);
    const codes = Uint8Array.from({ length: ops.length }, (_, i) => opAt(ops, i));
    return {
      length: ops.length,
      fields: this.user,
      columns: this.user.map(field => own(field.name)),
      ops: codes,
      major: longs(own(POS_MAJOR)),
      minor: longs(own(POS_MINOR)),
      entry: Uint32Array.from(this.entry),
      changedAt: own(CHANGED_AT),
      absent: Uint32Array.from(this.absent),
      absentSets: this.absentSets,
    };
  }

  private absentSetOf(lacking: readonly number[], listed: string | undefined): number {
    if (lacking.length === 0 && listed === undefined) return 0;
    const known = `${lacking.join()}|${listed ?? ''}`;
    let index = this.absentIndex.get(known);
    if (index === undefined) {
      const ids = [...lacking, ...(listed ? (JSON.parse(listed) as number[]) : [])];
      index = this.absentSets.push(new Set(silentOn(ids, this.fields))) - 1;
      this.absentIndex.set(known, index);
    }
    return index;
  }
}

/** Rows of one delta stand together, so a name is looked up only where it changes. */
function entriesOf(source: VarColumn, numbers: Numbers): Uint32Array {
  const entries = new Uint32Array(source.length);
  let n = 0;
  for (let i = 0; i < source.length; i++) {
    if (i === 0 || !sameText(source, i - 1, i)) n = numbers.get(textAt(source, i) ?? '') ?? 0;
    entries[i] = n;
  }
  return entries;
}

/** The deltas that rows of a batch belong to, with their `_entry`. A row without one is none of ours. */
export function deltasOf(batch: Batch, rows: Uint32Array): Map<string, number> {
  const source = textColumn(batch, SOURCE);
  const entry = batch.columns[batch.fields.indexOf(ownField(batch.fields, ENTRY))]!;
  const numbers = longs(entry);
  const deltas = new Map<string, number>();
  for (const row of rows) {
    const name = textAt(source, row);
    if (name !== undefined && (!entry.valid || entry.valid[row])) deltas.set(name, Number(numbers[row]));
  }
  return deltas;
}

/** Whole; its pieces are let go, or all columns would stand in memory twice. */
function joined(kept: { readonly field: Field; pieces: Column[] }): Column {
  const column = kept.pieces.length > 0 ? concat(kept.pieces) : nullColumn(kept.field.type, 0);
  kept.pieces = [];
  return column;
}

export function longs(column: Column): BigInt64Array {
  if (!(column.kind === 'fixed' && column.values instanceof BigInt64Array))
    throw new Error('not a column of longs');
  return column.values;
}

function textColumn(batch: Batch, name: string): VarColumn {
  return varColumn(batch.columns[batch.fields.indexOf(ownField(batch.fields, name))]!, name);
}

function varColumn(column: Column, name: string): VarColumn {
  if (column.kind !== 'var') throw new Error(`${name} is not a string`);
  return column;
}

function opAt(ops: VarColumn, row: number): number {
  return opOf(String.fromCharCode(ops.data[ops.offsets[row]!]!)) ?? 0;
}

const decoder = new TextDecoder();

function textAt(column: VarColumn, row: number): string | undefined {
  if (column.valid && !column.valid[row]) return undefined;
  return decoder.decode(column.data.subarray(column.offsets[row]!, column.offsets[row + 1]!));
}

function sameText(column: VarColumn, a: number, b: number): boolean {
  const length = column.offsets[a + 1]! - column.offsets[a]!;
  if (column.offsets[b + 1]! - column.offsets[b]! !== length) return false;
  for (let k = 0; k < length; k++) {
    if (column.data[column.offsets[a]! + k] !== column.data[column.offsets[b]! + k]) return false;
  }
  return true;
}

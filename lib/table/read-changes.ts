import type { Changes } from '../change/changes';
import { OP_INSERT, OP_UPDATE, opOf } from '../change/op';
import { concatBatches, gatherBatch, selectFields } from '../columnar/batch';
import type { Batch, Column, VarColumn } from '../columnar/column';
import type { Field } from '../columnar/types';
import { ABSENT, CHANGED_AT, OP, ownField, POS_MAJOR, POS_MINOR, SOURCE, userFields } from './columns';
import type { OpenFile } from './data-file';

/** Collects rows of log files into Changes. `entries` says which number the rows of a delta have, by its name. */
export class ChangeReader {
  private readonly batches: Batch[] = [];
  private readonly absent: number[] = [];
  private readonly absentSets: ReadonlySet<number>[] = [new Set()];
  private readonly absentIndex = new Map<string, number>();
  private readonly entry: number[] = [];
  private readonly user: readonly Field[];

  constructor(
    private readonly fields: readonly Field[],
    private readonly entries: ReadonlyMap<string, { n: number }>,
  ) {
    this.user = userFields(fields);
  }

  /** The row group's columns that a fold needs. */
  read(file: OpenFile, rowGroup: number): Promise<Batch> {
    return file.read(rowGroup, this.fields);
  }

  /**
   * Adds rows of a batch that `read` gave: all, or those of `rows`. A row whose delta has no number is left out:
   * it was withdrawn, or its entry is beyond what this fold may see. Gives how many were added.
   */
  add(file: OpenFile, batch: Batch, rows?: Uint32Array): number {
    const numbers = this.numbersOf(textColumn(batch, SOURCE));
    const wanted = (rows ? [...rows] : [...Array(batch.length).keys()]).filter(row => numbers[row]! > 0);
    if (wanted.length === 0) return 0;
    const lacking = this.lackingIn(file);
    const absent = textColumn(batch, ABSENT);
    const ops = textColumn(batch, OP);
    for (const row of wanted) {
      this.entry.push(numbers[row]!);
      // A delete or TRUNCATE says nothing of columns: counting them absent would make the table partial for ever.
      const says = opAt(ops, row) === OP_INSERT || opAt(ops, row) === OP_UPDATE;
      this.absent.push(says ? this.absentSetOf(lacking, textAt(absent, row)) : 0);
    }
    this.batches.push(wanted.length === batch.length ? batch : gatherBatch(batch, Uint32Array.from(wanted)));
    return wanted.length;
  }

  finish(): Changes {
    const all = this.batches.length > 0 ? concatBatches(this.batches) : selectFields(EMPTY, [...this.fields]);
    const own = (name: string) => all.columns[all.fields.findIndex(f => f.name === name)]!;
    const ops = textColumn(all, OP);
    const codes = new Uint8Array(all.length);
    for (let i = 0; i < all.length; i++) codes[i] = opAt(ops, i);
    return {
      length: all.length,
      fields: this.user,
      columns: selectFields(all, [...this.user]).columns,
      ops: codes,
      major: longs(own(POS_MAJOR)),
      minor: longs(own(POS_MINOR)),
      entry: Uint32Array.from(this.entry),
      changedAt: own(CHANGED_AT),
      absent: Uint32Array.from(this.absent),
      absentSets: this.absentSets,
    };
  }

  /** Rows of one delta stand together, so a name is looked up only where it changes. */
  private numbersOf(source: VarColumn): Uint32Array {
    const numbers = new Uint32Array(source.length);
    let name = '';
    let n = 0;
    for (let i = 0; i < source.length; i++) {
      if (i === 0 || !sameText(source, i - 1, i)) {
        name = textAt(source, i) ?? '';
        n = this.entries.get(name)?.n ?? 0;
      }
      numbers[i] = n;
    }
    return numbers;
  }

  /** A column that the file does not have at all is absent in each of its rows (PROTOCOL.md, I6). */
  private lackingIn(file: OpenFile): readonly number[] {
    const has = new Set(file.footer.columns.map(c => c.fieldId));
    return this.user.filter(f => !has.has(f.id)).map(f => f.id);
  }

  private absentSetOf(lacking: readonly number[], listed: string | undefined): number {
    if (lacking.length === 0 && listed === undefined) return 0;
    const known = `${lacking.join()}|${listed ?? ''}`;
    let index = this.absentIndex.get(known);
    if (index === undefined) {
      index =
        this.absentSets.push(new Set([...lacking, ...(listed ? (JSON.parse(listed) as number[]) : [])])) - 1;
      this.absentIndex.set(known, index);
    }
    return index;
  }
}

const EMPTY: Batch = { length: 0, fields: [], columns: [] };

export function longs(column: Column): BigInt64Array {
  if (!(column.kind === 'fixed' && column.values instanceof BigInt64Array))
    throw new Error('not a column of longs');
  return column.values;
}

function textColumn(batch: Batch, name: string): VarColumn {
  const column = batch.columns[batch.fields.indexOf(ownField(batch.fields, name))]!;
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

import { OP_DELETE, OP_LETTERS, OP_UPDATE } from '../change/op';
import type { BatchBuilder } from './batch-builder';
import { ChangeMembers, UNSEEN } from './change-members';
import { ChangeValues } from './change-values';
import { type RowFault, rowWithoutOp, tooManyColumns } from './errors';
import type { ChangesRequest, JsonChange } from './json-changes';
import { CHANGED_AT, COLUMNS_MAX, type Fields, OP, SEQUENCE } from './json-fields';
import { withoutBlanks } from './json-scanner';
import { Fit, isLeftOut, isNobodys, isOfOwnRows, WhereTest } from './where';

const LETTERS = OP_LETTERS.map(letter => Buffer.from(letter));

/** The change is not the table's. */
export const LEFT_OUT = Symbol('left out');

/** Writes one change after the other to the batch, which gets the columns that a change brings before its row. */
export class ChangeWriter {
  private readonly row: ChangeMembers;
  private readonly old: ChangeMembers;
  private readonly key: Set<number>;
  /** Fields of the columns that the config declares. */
  private readonly declared: ReadonlySet<number>;
  private readonly data: number[];
  /** The before-images' fields, by that of their column. */
  private readonly before = new Map<number, number>();
  /** Fields that a kept row names. */
  private readonly named = new Set<number>();
  /** Fields of new columns that no kept row names yet: what a bad row brings is no column of the table. */
  private readonly unkept = new Set<number>();
  private newColumnsLeft: number;
  private readonly values: ChangeValues;
  private readonly test: WhereTest | undefined;
  /** Whether the change just written fits. */
  fit = Fit.Fits;
  /** The fields of what is made of a change as a whole, UNSEEN where no column is. */
  private readonly text: number;
  private readonly arrivedAt: number;

  constructor(
    private readonly batch: BatchBuilder,
    private readonly fields: Fields,
    private readonly request: ChangesRequest,
  ) {
    this.row = new ChangeMembers(fields);
    this.old = new ChangeMembers(fields);
    this.data = fields.data().map(column => column.field);
    this.newColumnsLeft = request.newColumnsMax ?? COLUMNS_MAX;
    this.key = new Set(request.key.flatMap(name => fields.find(name) ?? []));
    this.declared = new Set(Object.keys(request.written ?? {}).flatMap(name => fields.find(name) ?? []));
    this.values = new ChangeValues(fields, { key: this.key, written: request.written ?? {}, into: batch });
    this.test = this.testOf(request);
    const { text, arrivedAt } = request.record ?? {};
    this.text = text === undefined ? UNSEEN : fields.columnOf(text);
    this.arrivedAt = arrivedAt === undefined ? UNSEEN : fields.columnOf(arrivedAt);
  }

  private testOf({ where }: ChangesRequest): WhereTest | undefined {
    if (!where) return undefined;
    const asked = Object.keys(where.equals).map(name => {
      const field = this.fields.find(name)!;
      return { field, name, type: this.fields.layout[field]!.type };
    });
    return new WhereTest(where, asked, { file: 'records of a stream' });
  }

  /** The row just written counts. */
  kept(): void {
    for (const field of this.row.seen) {
      if (this.named.has(field) || (this.fit !== Fit.Fits && !this.key.has(field))) continue;
      this.named.add(field);
      if (this.unkept.delete(field)) this.newColumnsLeft--;
    }
  }

  isNamed(field: number): boolean {
    return this.named.has(field);
  }

  write(change: JsonChange): RowFault | typeof LEFT_OUT | undefined {
    const { bytes } = change;
    const { where } = this.request;
    const broken = this.row.read(bytes, change.row) ?? this.old.read(bytes, change.before);
    if (broken) return broken;
    const { clash } = this.row;
    if (clash && !(where && isOfOwnRows(where, clash))) return clash;
    this.fit = this.test && change.row ? this.fitOf(change, this.test) : Fit.Fits;
    if (where && isLeftOut(where, this.fit)) return LEFT_OUT;
    const fault = this.bookkeeping(change);
    if (fault) return fault;
    if (where && isLeftOut(where, this.fit, this.batch.rowOp)) return LEFT_OUT;
    if (this.fit === Fit.Fits) return clash ?? this.newColumns(bytes) ?? this.columns(change);
    const why = this.keyAlone(change);
    return why && where && !change.before && isNobodys(where, this.fit, why) ? LEFT_OUT : why;
  }

  private columns(change: JsonChange): RowFault | undefined {
    this.newBefores();
    this.values.writtenAs(change.forms);
    for (const field of this.data) {
      const why = this.column(field, change);
      if (why) return why;
    }
    for (const [field, slot] of this.before) {
      const why = this.oldValue(field, slot, change);
      if (why) return why;
    }
    return undefined;
  }

  /** Of a row that does not fit. */
  private keyAlone(change: JsonChange): RowFault | undefined {
    this.newBefores();
    this.values.writtenAs(change.forms);
    for (const field of this.data) {
      const why = this.key.has(field) ? this.column(field, change) : this.batch.null(field);
      if (why) return why;
    }
    for (const [field, slot] of this.before) {
      const why = this.key.has(field) ? this.oldValue(field, slot, change) : this.batch.absent(slot);
      if (why) return why;
    }
    return undefined;
  }

  /** What an update's row lacks is as its before-image says. */
  private fitOf(change: JsonChange, test: WhereTest): Fit {
    const { values } = this;
    values.writtenAs(change.forms);
    test.begin();
    values.into = test;
    const faults = test.fields.filter(field => {
      const isOld = this.row.of(field) === UNSEEN && this.old.of(field) !== UNSEEN;
      if (!isOld) return this.column(field, change);
      return values.value(field, this.old.scanner, this.old.of(field), change.bytes);
    });
    values.into = this.batch;
    // It is found again when the row is read.
    return faults.length > 0 ? Fit.Fits : test.fit;
  }

  /** Makes room for the row's names that are new; a row that has a fault makes none. */
  private newColumns(bytes: Uint8Array): RowFault | undefined {
    const { unknown } = this.row;
    const unkept = this.unkept.size === 0 ? 0 : this.row.seen.filter(field => this.unkept.has(field)).length;
    if (unknown.length + unkept === 0 || this.request.others === 'omit') return undefined;
    if (unknown.length + unkept > this.newColumnsLeft) return tooManyColumns(this.newColumnsLeft);
    for (const { name } of unknown) {
      const fault = this.request.refuses(name);
      if (fault) return fault;
    }
    const left = COLUMNS_MAX - this.fields.columns;
    if (unknown.length > left) return tooManyColumns(left);
    for (const { name, member } of unknown) {
      const known = this.fields.find(name);
      const field = known ?? this.fields.add({ name, type: 'string' });
      if (known === undefined) {
        this.batch.add(this.fields.layout[field]!, this.request.missing);
        this.data.push(field);
        this.unkept.add(field);
        if (this.request.key.some(part => this.fields.find(part) === field)) this.key.add(field);
      }
      if (!this.row.put(field, member)) return this.row.twice(bytes, field, member);
    }
    return undefined;
  }

  /** A before-image is asked for the key, all of it, for what the row itself lacks, and whether its row fitted. */
  private newBefores(): void {
    for (const field of this.old.seen) {
      if (this.key.has(field)) for (const part of this.key) this.addBefore(part);
      else if (this.row.of(field) === UNSEEN || this.test?.fields.includes(field)) this.addBefore(field);
    }
  }

  private addBefore(field: number): void {
    if (this.before.has(field) || this.fields.layout[field]!.role !== 'data') return;
    const slot = this.fields.addBefore(field);
    this.batch.add(this.fields.layout[slot]!, 'absent');
    this.before.set(field, slot);
  }

  private bookkeeping({ bytes, op, changedAt }: JsonChange): RowFault | undefined {
    const { batch, row } = this;
    const opName = this.request.bookkeeping.op;
    this.values.writtenAs(undefined);
    if (op === undefined && opName !== undefined) {
      if (row.of(OP) === UNSEEN) return rowWithoutOp(opName);
      const fault = this.values.value(OP, row.scanner, row.of(OP), bytes);
      if (fault) return fault;
    } else if (op !== undefined) batch.text(OP, LETTERS[op]!, 0, 1);
    if (row.of(SEQUENCE) === UNSEEN) batch.null(SEQUENCE);
    else {
      const fault = this.values.value(SEQUENCE, row.scanner, row.of(SEQUENCE), bytes);
      if (fault) return fault;
    }
    if (row.of(CHANGED_AT) !== UNSEEN)
      return this.values.value(CHANGED_AT, row.scanner, row.of(CHANGED_AT), bytes);
    return changedAt === undefined ? batch.null(CHANGED_AT) : this.values.plain(CHANGED_AT, changedAt);
  }

  private column(field: number, { bytes, row, op, beside, arrivedAt }: JsonChange): RowFault | undefined {
    const member = this.row.of(field);
    if (member !== UNSEEN) return this.values.value(field, this.row.scanner, member, bytes);
    if (field === this.text && row)
      return this.values.into.text(field, bytes, ...withoutBlanks(bytes, row.from, row.to));
    if (field === this.arrivedAt && arrivedAt !== undefined) return this.values.plain(field, arrivedAt);
    // A delete may name its key in the before-image alone.
    const old = op === OP_DELETE && this.key.has(field) ? this.old.of(field) : UNSEEN;
    if (old !== UNSEEN) return this.values.value(field, this.old.scanner, old, bytes, field);
    if (beside && this.declared.has(field)) {
      const value = beside.find(({ name }) => this.fields.find(name) === field);
      if (value) return this.values.valueAt(field, field, bytes, value.kind, value.from, value.to);
    }
    if (this.request.missing === 'null') return this.values.into.null(field);
    this.values.into.absent(field);
    return undefined;
  }

  /** Of an update's key all parts are known: those that its before-image lacks did not change. */
  private oldValue(field: number, slot: number, { bytes, before, op }: JsonChange): RowFault | undefined {
    if (op === OP_UPDATE && before) {
      const old = this.old.of(field);
      const now = this.row.of(field);
      if (old !== UNSEEN) return this.values.value(slot, this.old.scanner, old, bytes, field);
      if (this.key.has(field) && now !== UNSEEN)
        return this.values.value(slot, this.row.scanner, now, bytes, field);
    }
    this.batch.absent(slot);
    return undefined;
  }
}

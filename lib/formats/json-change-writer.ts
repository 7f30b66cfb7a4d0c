import { OP_DELETE, OP_LETTERS, OP_UPDATE } from '../change/op';
import type { BatchBuilder } from './batch-builder';
import { changedTwice, inexactNumber, notJsonObject, type RowFault, rowWithoutOp } from './errors';
import { isScientific, plainDigits } from './exact-number';
import type { ChangesRequest, JsonChange, Span } from './json-changes';
import { CHANGED_AT, type Fields, OP, SEQUENCE } from './json-fields';
import { JsonKind, JsonScanner, memberName, unescapeString } from './json-scanner';

const UNSEEN = -1;

/** Writes one change after the other to the batch. */
export class ChangeWriter {
  private readonly row = new JsonScanner();
  private readonly old = new JsonScanner();
  /** Per field: its member in the row or before-image being written. */
  private readonly rowMember: Int32Array;
  private readonly oldMember: Int32Array;
  private readonly key: ReadonlySet<number>;
  private readonly data: readonly number[];
  /** 1 for each field that a kept row names. */
  readonly named: Uint8Array;

  constructor(
    private readonly batch: BatchBuilder,
    private readonly fields: Fields,
    private readonly request: ChangesRequest,
  ) {
    this.rowMember = new Int32Array(fields.layout.length);
    this.oldMember = new Int32Array(fields.layout.length);
    this.key = new Set(request.key.flatMap(name => fields.find(name) ?? []));
    this.data = fields.data().map(column => column.field);
    this.named = new Uint8Array(fields.layout.length);
  }

  /** The row just written counts. */
  kept(): void {
    for (const field of this.data) if (this.rowMember[field] !== UNSEEN) this.named[field] = 1;
  }

  write(change: JsonChange): RowFault | undefined {
    const { bytes } = change;
    const fault =
      this.members(this.row, bytes, change.row, this.rowMember) ??
      this.members(this.old, bytes, change.before, this.oldMember) ??
      this.bookkeeping(change);
    if (fault) return fault;
    for (const field of this.data) {
      const why = this.column(field, change) ?? this.before(field, change);
      if (why) return why;
    }
    return undefined;
  }

  /** Finds the members of an object by field; of none where there is no object. */
  private members(
    scanner: JsonScanner,
    bytes: Uint8Array,
    span: Span | undefined,
    at: Int32Array,
  ): RowFault | undefined {
    at.fill(UNSEEN);
    if (!span) return undefined;
    scanner.scan(bytes, span.from, span.to);
    for (let i = 0; i < scanner.members; i++) {
      const name = memberName(scanner, bytes, i)!;
      const field = this.fields.find(name);
      if (field === undefined) continue;
      if (at[field] !== UNSEEN) return changedTwice(name);
      at[field] = i;
    }
    return undefined;
  }

  private bookkeeping({ bytes, op, changedAt }: JsonChange): RowFault | undefined {
    const { batch, rowMember } = this;
    const opName = this.request.bookkeeping.op;
    if (op === undefined && opName !== undefined) {
      if (rowMember[OP] === UNSEEN) return rowWithoutOp(opName);
      const fault = this.value(OP, this.row, rowMember[OP]!, bytes);
      if (fault) return fault;
    } else if (op !== undefined) {
      const letter = Buffer.from(OP_LETTERS[op]!);
      batch.text(OP, letter, 0, letter.length);
    }
    if (rowMember[SEQUENCE] === UNSEEN) batch.null(SEQUENCE);
    else {
      const fault = this.value(SEQUENCE, this.row, rowMember[SEQUENCE]!, bytes);
      if (fault) return fault;
    }
    if (rowMember[CHANGED_AT] !== UNSEEN)
      return this.value(CHANGED_AT, this.row, rowMember[CHANGED_AT]!, bytes);
    if (changedAt === undefined) return batch.null(CHANGED_AT);
    const text = Buffer.from(changedAt);
    return batch.text(CHANGED_AT, text, 0, text.length);
  }

  private column(field: number, { bytes, op }: JsonChange): RowFault | undefined {
    const member = this.rowMember[field]!;
    if (member !== UNSEEN) return this.value(field, this.row, member, bytes);
    // A delete may name its key in the before-image alone.
    const old = op === OP_DELETE && this.key.has(field) ? this.oldMember[field]! : UNSEEN;
    if (old !== UNSEEN) return this.value(field, this.old, old, bytes, field);
    if (this.request.missing === 'absent') this.batch.absent(field);
    else this.batch.null(field);
    return undefined;
  }

  /** The old value. Of an update's key all parts are known: those that its before-image lacks did not change. */
  private before(field: number, { bytes, before, op }: JsonChange): RowFault | undefined {
    const slot = this.fields.before.get(field);
    if (slot === undefined) return undefined;
    const old = this.oldMember[field]!;
    const now = this.rowMember[field]!;
    if (op === OP_UPDATE && before) {
      if (old !== UNSEEN) return this.value(slot, this.old, old, bytes, field);
      if (this.key.has(field) && now !== UNSEEN) return this.value(slot, this.row, now, bytes, field);
    }
    this.batch.null(slot);
    return undefined;
  }

  /** @param column the data field that the slot is, or is the before-image of */
  private value(
    slot: number,
    scanner: JsonScanner,
    member: number,
    bytes: Uint8Array,
    column = slot,
  ): RowFault | undefined {
    const from = scanner.starts[member]!;
    const to = scanner.ends[member]!;
    const kind: JsonKind = scanner.kinds[member]!;
    if (kind === JsonKind.Null) return this.batch.null(slot);
    if (kind === JsonKind.Escaped) {
      const text = unescapeString(bytes, from, to);
      if (text === undefined) return notJsonObject(`${this.fields.layout[slot]!.name}: a broken escape`);
      const unescaped = Buffer.from(text);
      return this.batch.text(slot, unescaped, 0, unescaped.length);
    }
    if (kind === JsonKind.Number && this.isExact(column) && isScientific(bytes, from, to)) {
      const text = Buffer.from(bytes.subarray(from, to)).toString();
      const plain = plainDigits(text);
      if (plain === undefined) return inexactNumber(text, this.fields.layout[slot]!.name);
      return this.batch.text(slot, Buffer.from(plain), 0, plain.length);
    }
    return this.batch.text(slot, bytes, from, to);
  }

  /** Columns of which every digit counts: integers, decimals, and keys whatever their type. */
  private isExact(field: number): boolean {
    const { type } = this.fields.layout[field]!;
    return type === 'int' || type === 'long' || type.startsWith('decimal') || this.key.has(field);
  }
}

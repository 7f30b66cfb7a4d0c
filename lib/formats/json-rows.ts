import type { BatchBuilder } from './batch-builder';
import { notJsonObject, type RowFault, rowWithoutOp } from './errors';
import type { DecodeRequest } from './format';
import { type LineMembers, UNSEEN } from './json-members';
import { JsonKind, unescapeString, withoutBlanks } from './json-scanner';
import type { FieldRole } from './layout';
import { Fit, isLeftOut, isNobodys, isOfOwnRows, type Sink, WhereTest } from './where';

/** The row is not the table's. */
export const LEFT_OUT = Symbol('left out');

/** Gives a member's value to the sink, under the number that the sink has for its field. */
function value(
  { scanner }: LineMembers,
  member: number,
  bytes: Uint8Array,
  to: { readonly sink: Sink<RowFault>; readonly slot: number; readonly name: string },
): RowFault | undefined {
  const { sink, slot } = to;
  const from = scanner.starts[member]!;
  const end = scanner.ends[member]!;
  const kind: JsonKind = scanner.kinds[member]!;
  if (kind === JsonKind.Null) return sink.null(slot);
  if (kind !== JsonKind.Escaped) return sink.text(slot, bytes, from, end);
  const text = unescapeString(bytes, from, end);
  if (text === undefined) return notJsonObject(`${to.name}: a broken escape`);
  const unescaped = Buffer.from(text);
  return sink.text(slot, unescaped, 0, unescaped.length);
}

/** Tells of the row that was read last whether it fits. */
export class LineFilter {
  private readonly test: WhereTest | undefined;
  private readonly names: readonly string[];

  /** @throws TM_2186 */
  constructor(
    { where, columns, file }: DecodeRequest,
    private readonly members: LineMembers,
  ) {
    this.names = Object.keys(where?.equals ?? {});
    const typeOf = (name: string) => columns.find(column => column.name === name)?.type ?? 'string';
    const asked = this.names.map((name, field) => ({ field, name, type: typeOf(name) }));
    this.test = where && new WhereTest(where, asked, { file: file.name });
  }

  fit(bytes: Uint8Array): Fit {
    const { members, test } = this;
    if (!test) return Fit.Fits;
    test.begin();
    for (const [slot, name] of this.names.entries()) {
      const member = members.of(members.find({ role: 'data', name }) ?? UNSEEN);
      // A broken escape is found again when the row is read.
      if (member !== UNSEEN && value(members, member, bytes, { sink: test, slot, name })) return Fit.Fits;
    }
    return test.fit;
  }
}

interface Reading {
  readonly members: LineMembers;
  readonly filter: LineFilter;
  readonly request: DecodeRequest;
}

/** Writes one object to the batch. */
export class ObjectReader {
  /** Whether the row just written fits. */
  fit = Fit.Fits;
  private readonly members: LineMembers;
  /** The members' fields, by those of the batch; UNSEEN of the row's text. */
  private readonly sources: readonly number[];
  private readonly op: number;

  constructor(
    private readonly batch: BatchBuilder,
    private readonly layout: readonly FieldRole[],
    private readonly reading: Reading,
  ) {
    this.members = reading.members;
    this.sources = layout.map(field => this.members.find(field) ?? UNSEEN);
    this.op = layout.findIndex(field => field.role === 'op');
  }

  take(bytes: Uint8Array, from: number, to: number): RowFault | typeof LEFT_OUT | undefined {
    const { members, op, layout } = this;
    const { where, options } = this.reading.request;
    const broken = members.read(bytes, from, to);
    if (broken) return broken;
    const { clash } = members;
    if (clash && !(where && isOfOwnRows(where, clash))) return clash;
    this.fit = this.reading.filter.fit(bytes);
    if (where && isLeftOut(where, this.fit)) return LEFT_OUT;
    if (op >= 0) {
      const isThere = members.of(this.sources[op]!) !== UNSEEN;
      if (!isThere && !options.load) return rowWithoutOp(layout[op]!.name);
      const fault = isThere ? this.field(op, bytes) : undefined;
      if (fault) return fault;
    }
    if (where && isLeftOut(where, this.fit, this.batch.rowOp)) return LEFT_OUT;
    if (clash && this.fit === Fit.Fits) return clash;
    const why = this.columns(bytes, from, to);
    return why && where && isNobodys(where, this.fit, why) ? LEFT_OUT : why;
  }

  private columns(bytes: Uint8Array, from: number, to: number): RowFault | undefined {
    const { batch, layout, sources } = this;
    for (let i = 0; i < layout.length; i++) {
      if (i === this.op) continue;
      if (this.fit !== Fit.Fits && !batch.isNeeded(i)) {
        batch.skip(i);
        continue;
      }
      const isText = sources[i] === UNSEEN;
      const fault = isText ? batch.text(i, bytes, ...withoutBlanks(bytes, from, to)) : this.field(i, bytes);
      if (fault) return fault;
    }
    return undefined;
  }

  private field(i: number, bytes: Uint8Array): RowFault | undefined {
    const member = this.members.of(this.sources[i]!);
    if (member !== UNSEEN)
      return value(this.members, member, bytes, { sink: this.batch, slot: i, name: this.layout[i]!.name });
    this.batch.absent(i);
    return undefined;
  }
}

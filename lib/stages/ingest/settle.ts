import { missingKey, partialKeyChange } from '../../change/errors';
import { compareKeys, encodeKeys } from '../../change/key-order';
import { OP_DELETE, OP_INSERT, OP_LETTERS, OP_TRUNCATE, OP_UPDATE } from '../../change/op';
import { dmsSequence, type Position, position } from '../../change/position';
import type { Batch, Column } from '../../columnar/column';
import {
  columnFromScalars,
  constantColumn,
  gather,
  gatherFrom,
  isNull,
  nullColumn,
  valueAt,
} from '../../columnar/kernels';
import type { Field } from '../../columnar/types';
import type { ResolvedTable } from '../../config/resolved';
import { TidemarkError } from '../../errors';
import type { DeclaredColumn, DecodedBatch } from '../../formats/format';
import {
  ABSENT,
  CHANGED_AT,
  DATE_RECEIVED,
  OP,
  POS_MAJOR,
  POS_MINOR,
  SOURCE,
  userFields,
} from '../../table/columns';
import { badSequence } from './errors';

/** A row that cannot be taken in, by its ordinal in the file. */
export interface SettleFault {
  readonly row: number;
  readonly column?: string;
  readonly code: TidemarkError['code'];
  readonly reason: string;
}

/** Rows as the log holds them, `_source` still to be named by the delta; and what was left out. */
export interface Settled {
  readonly batch: Batch;
  readonly least: Position | undefined;
  readonly greatest: Position | undefined;
  readonly partial: boolean;
  readonly truncates: number;
  readonly faults: readonly SettleFault[];
}

/** How the rows of one file get their positions (PROTOCOL.md, P). */
export interface PositionRule {
  readonly generation: number;
  /** Whether a row's sequence or commit time orders it; the rows of a load stand before every change. */
  readonly ownPositions: boolean;
  /** major and minor of a row without a sequence or commit time of its own, by its ordinal. */
  readonly ofRow: (row: number) => { major: bigint; minor: bigint };
  /** minor of a row ordered by its commit time. One transaction may be cut into several files. */
  readonly withinCommit: (row: number) => bigint;
}

export interface SettleContext {
  readonly table: ResolvedTable;
  /** The file's columns as the decoder gives them. */
  readonly columns: readonly DeclaredColumn[];
  /** The log table's fields. */
  readonly fields: readonly Field[];
  readonly rule: PositionRule;
  readonly dateReceived: string;
  /** Only these rows of the file, by ordinal. */
  readonly onlyRows?: ReadonlySet<number>;
}

/**
 * Settles what each decoded row means: its op (`deletedWhen` included), position, absent columns, and for a key
 * change the delete of the old key beside the insert of the new (PROTOCOL.md, I1, P6). What the log says is final.
 */
export function settle(decoded: DecodedBatch, context: SettleContext): Settled {
  const rows = new Rows(decoded, context);
  const { onlyRows } = context;
  for (let i = 0; i < decoded.length; i++) if (!onlyRows || onlyRows.has(decoded.row[i]!)) rows.take(i);
  return rows.finish();
}

class Rows {
  private readonly faults: SettleFault[] = [];
  /** Decoded row behind each output row, its op, and whether it is the delete of an old key. */
  private readonly origin: number[] = [];
  private readonly ops: number[] = [];
  private readonly old: number[] = [];
  private readonly major: bigint[] = [];
  private readonly minor: bigint[] = [];
  private readonly keyColumns: readonly (Column | undefined)[];
  /** The table's columns that the whole file lacks. */
  private readonly lacking: readonly string[];
  private readonly changed: (i: number) => boolean;
  private readonly dies: (i: number) => boolean;

  constructor(
    private readonly decoded: DecodedBatch,
    private readonly context: SettleContext,
  ) {
    this.keyColumns = context.table.key.map(name => this.column(name));
    this.lacking = userFields(context.fields)
      .map(f => f.name)
      .filter(name => this.column(name) === undefined);
    this.changed = this.keyChanges();
    this.dies = this.deletedWhen();
  }

  take(i: number): void {
    const { decoded } = this;
    let op = decoded.ops[i]!;
    if (op === OP_TRUNCATE) {
      this.place(i, op, 0);
      return;
    }
    const missing = this.keyColumns.findIndex(
      (c, k) => !c || isNull(c, i) || this.lacks(this.context.table.key[k]!, i),
    );
    if (missing >= 0) {
      this.fault(i, missingKey(this.context.table.key[missing]!, ''));
      return;
    }
    if (op !== OP_DELETE && this.dies(i)) op = OP_DELETE;
    if (op !== OP_UPDATE || !this.changed(i)) {
      this.place(i, op, 0);
      return;
    }
    const hole =
      this.lacking.find(name => !this.context.table.omit.includes(name)) ??
      this.context.columns.find(c => this.lacks(c.name, i) && !this.decoded.before?.has(c.name))?.name;
    if (hole !== undefined) {
      this.fault(i, partialKeyChange(hole, ''));
      return;
    }
    this.place(i, OP_DELETE, 1);
    this.place(i, OP_INSERT, 0);
  }

  private place(i: number, op: number, old: number): void {
    const at = this.positionOf(i);
    if (!at) return;
    this.origin.push(i);
    this.ops.push(op);
    this.old.push(old);
    this.major.push(at.major);
    this.minor.push(at.minor);
  }

  private positionOf(i: number): Position | undefined {
    const { rule } = this.context;
    const row = this.decoded.row[i]!;
    const sequence = rule.ownPositions && this.decoded.sequence && valueAt(this.decoded.sequence, i);
    const changedAt = rule.ownPositions && this.decoded.changedAt && valueAt(this.decoded.changedAt, i);
    try {
      if (typeof sequence === 'string' && sequence !== '') {
        const parsed = dmsSequence(sequence);
        if (parsed) return position(rule.generation, parsed.micros, parsed.counter, '');
        this.faults.push({ row, code: 'TM_2305', reason: badSequence(sequence) });
        return undefined;
      }
      if (typeof changedAt === 'bigint')
        return position(rule.generation, changedAt, rule.withinCommit(row), '');
      const { major, minor } = rule.ofRow(row);
      return position(rule.generation, major, minor, '');
    } catch (error) {
      if (!(error instanceof TidemarkError)) throw error;
      this.fault(i, error);
      return undefined;
    }
  }

  finish(): Settled {
    const n = this.origin.length;
    const rows = Uint32Array.from(this.origin);
    const major = BigInt64Array.from(this.major);
    const minor = BigInt64Array.from(this.minor);
    const absent = this.absentTexts();
    const present = this.context.fields.filter(f => this.column(f.name) !== undefined);
    const columns = present.map(f => this.output(f, rows));
    const own = this.ownColumns(n, rows, major, minor, absent);
    const order = positionsRange(major, minor);
    return {
      batch: {
        length: n,
        fields: [...present, ...own.map(([name]) => this.field(name))],
        columns: [...columns, ...own.map(([, column]) => column)],
      },
      ...order,
      partial: absent.some(a => a !== null) || this.lacking.length > 0,
      truncates: this.ops.filter(op => op === OP_TRUNCATE).length,
      faults: this.faults,
    };
  }

  private ownColumns(
    n: number,
    rows: Uint32Array,
    major: BigInt64Array,
    minor: BigInt64Array,
    absent: (string | null)[],
  ): [string, Column][] {
    const { changedAt } = this.decoded;
    return [
      [
        OP,
        columnFromScalars(
          'string',
          this.ops.map(op => OP_LETTERS[op]!),
        ),
      ],
      [POS_MAJOR, { kind: 'fixed', type: 'long', length: n, values: major }],
      [POS_MINOR, { kind: 'fixed', type: 'long', length: n, values: minor }],
      [CHANGED_AT, changedAt ? gather(changedAt, rows) : nullColumn('timestamp', n)],
      [SOURCE, nullColumn('string', n)],
      [ABSENT, columnFromScalars('string', absent)],
      [DATE_RECEIVED, constantColumn('date', Date.parse(this.context.dateReceived) / 86_400_000, n)],
    ];
  }

  /** A user's column: the row's value, the old key for the delete half of a key change, nothing for a TRUNCATE. */
  private output(field: Field, rows: Uint32Array): Column {
    const column = this.column(field.name)!;
    const before = this.decoded.before?.get(field.name);
    if (!this.old.includes(1) && !this.ops.includes(OP_TRUNCATE)) return gather(column, rows);
    const isKey = this.context.table.key.includes(field.name);
    const source = Uint8Array.from(this.origin, (i, at) => {
      if (this.ops[at] === OP_TRUNCATE) return 2;
      if (this.old[at]) return isKey ? 1 : 2;
      return this.lacks(field.name, i) && this.changed(i) ? 1 : 0;
    });
    const nothing = nullColumn(field.type, 1);
    const row = Uint32Array.from(this.origin, (i, at) => (source[at] === 2 ? 0 : i));
    return gatherFrom([column, before ?? column, nothing], source, row);
  }

  /** The field ids that each row lacks, as JSON; NULL where none. A key change's insert is complete. */
  private absentTexts(): (string | null)[] {
    const { absent } = this.decoded;
    if (!absent?.some(a => a)) return this.origin.map(() => null);
    return this.origin.map((i, at) => {
      if (this.old[at] || this.ops[at] === OP_TRUNCATE || this.ops[at] === OP_DELETE) return null;
      if (this.decoded.ops[i] === OP_UPDATE && this.changed(i)) return null;
      const ids = this.context.columns.filter(c => this.lacks(c.name, i)).flatMap(c => this.idOf(c.name));
      return ids.length > 0 ? JSON.stringify(ids) : null;
    });
  }

  private keyChanges(): (i: number) => boolean {
    const { before, length } = this.decoded;
    const names = this.context.table.key;
    if (!before || !names.some(name => before.has(name)) || this.keyColumns.some(c => !c)) return () => false;
    const now = encodeKeys(this.keyColumns as Column[], length);
    const olds = names.map((name, k) => before.get(name) ?? this.keyColumns[k]!);
    const was = encodeKeys(olds, length);
    return i => olds.every(c => !isNull(c, i)) && compareKeys(now, i, was, i) !== 0;
  }

  private deletedWhen(): (i: number) => boolean {
    const rule = this.context.table.deletedWhen;
    const column = rule && this.column(rule.column);
    if (!rule || !column) return () => false;
    const { equals } = rule;
    return i => {
      if (this.lacks(rule.column, i)) return false;
      const value = valueAt(column, i);
      return value === equals || (value !== null && equals !== null && String(value) === String(equals));
    };
  }

  private lacks(name: string, i: number): boolean {
    const at = this.context.columns.findIndex(c => c.name === name);
    return at >= 0 && this.decoded.absent?.[at]?.[i] === 1;
  }

  private column(name: string): Column | undefined {
    if (this.context.table.omit.includes(name)) return undefined;
    const at = this.context.columns.findIndex(c => c.name === name);
    return at < 0 ? undefined : this.decoded.columns[at];
  }

  private field(name: string): Field {
    return this.context.fields.find(f => f.name === name)!;
  }

  private idOf(name: string): number[] {
    return this.context.fields.filter(f => f.name === name).map(f => f.id);
  }

  private fault(i: number, error: TidemarkError): void {
    this.faults.push({ row: this.decoded.row[i]!, code: error.code, reason: error.what });
  }
}

function positionsRange(major: BigInt64Array, minor: BigInt64Array): Pick<Settled, 'least' | 'greatest'> {
  let least = -1;
  let greatest = -1;
  const before = (a: number, b: number) =>
    major[a]! < major[b]! || (major[a] === major[b] && minor[a]! < minor[b]!);
  for (let i = 0; i < major.length; i++) {
    if (least < 0 || before(i, least)) least = i;
    if (greatest < 0 || before(greatest, i)) greatest = i;
  }
  if (least < 0) return { least: undefined, greatest: undefined };
  const at = (i: number) => ({ major: major[i]!, minor: minor[i]! });
  return { least: at(least), greatest: at(greatest) };
}

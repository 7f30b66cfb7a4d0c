import { OP_DELETE, OP_LETTERS, OP_TRUNCATE } from '../../change/op';
import { comparePositions, type Position } from '../../change/position';
import type { Column } from '../../columnar/column';
import {
  castColumn,
  columnFromScalars,
  constantColumn,
  gather,
  gatherFrom,
  nullColumn,
} from '../../columnar/kernels';
import type { Field } from '../../columnar/types';
import { isOmitted } from '../../config/resolved';
import type { DecodedBatch } from '../../formats/format';
import {
  ABSENT,
  CHANGED_AT,
  DATE_RECEIVED,
  daysOf,
  ENTRY,
  OP,
  POS_MAJOR,
  POS_MINOR,
  SOURCE,
  userFields,
} from '../../table/columns';
import type { SettleContext, Settled } from './settled';

/** What part of a key change an output row is. */
export const PLAIN = 0;
export const OLD_KEY = 1;
export const NEW_KEY = 2;

/** Output rows in order: the decoded row each comes from, its op, part and position. A row gives two at most. */
export class PlacedRows {
  length = 0;
  readonly origin: Uint32Array;
  readonly ops: Uint8Array;
  readonly part: Uint8Array;
  readonly major: BigInt64Array;
  readonly minor: BigInt64Array;
  least: Position | undefined;
  greatest: Position | undefined;
  truncates = 0;
  /** Whether every output row is a decoded row as it is. */
  plain = true;

  constructor(decodedRows: number) {
    this.origin = new Uint32Array(decodedRows * 2);
    this.ops = new Uint8Array(decodedRows * 2);
    this.part = new Uint8Array(decodedRows * 2);
    this.major = new BigInt64Array(decodedRows * 2);
    this.minor = new BigInt64Array(decodedRows * 2);
  }

  place(row: number, op: number, part: number, at: Position): void {
    const i = this.length++;
    this.origin[i] = row;
    this.ops[i] = op;
    this.part[i] = part;
    this.major[i] = at.major;
    this.minor[i] = at.minor;
    if (!this.least || comparePositions(at, this.least) < 0) this.least = at;
    if (!this.greatest || comparePositions(at, this.greatest) > 0) this.greatest = at;
    if (op === OP_TRUNCATE) this.truncates++;
    if (op === OP_TRUNCATE || part !== PLAIN) this.plain = false;
  }
}

/** The decoded columns by name, without those that never enter the lake. */
export class FileColumns {
  private readonly at: ReadonlyMap<string, number>;
  /** The log's columns that the whole file lacks, those that never enter the lake among them. */
  readonly lacking: readonly Field[];
  /** The first of them that might have entered. */
  readonly hole: string | undefined;
  /** The first that rows could have named, of which each says nothing by itself. */
  readonly unnamed: string | undefined;

  constructor(
    private readonly decoded: DecodedBatch,
    { table, columns, fields, namedByRow }: SettleContext,
  ) {
    const kept = columns.map((c, i) => [c.name, i] as const).filter(([name]) => !isOmitted(table, name));
    this.at = new Map(kept);
    this.lacking = userFields(fields).filter(f => !this.at.has(f.name));
    const holes = this.lacking.map(f => f.name).filter(name => !isOmitted(table, name));
    this.hole = holes[0];
    this.unnamed = namedByRow ? holes.find(name => name !== table.record.arrivedAt) : undefined;
  }

  column(name: string): Column | undefined {
    const at = this.at.get(name);
    return at === undefined ? undefined : this.decoded.columns[at];
  }

  /** Whether the row, of a file that has the column, says nothing about it, which is not NULL. */
  lacks(name: string, row: number): boolean {
    const at = this.at.get(name);
    return at !== undefined && this.decoded.absent?.[at]?.[row] === 1;
  }
}

/**
 * The rows as the log holds them, `_source` and `_entry` still to be told by the delta. They have all columns of the
 * log's schema; what the file lacks altogether is listed in `_absent` as what one row lacks is (PROTOCOL.md, I6): so
 * whoever reads the log asks for the columns of a file only where it is older than one of them.
 */
export function logRows(
  rows: PlacedRows,
  file: FileColumns,
  decoded: DecodedBatch,
  context: SettleContext,
): Omit<Settled, 'faults' | 'leftOut'> {
  const n = rows.length;
  const origin = rows.origin.subarray(0, n);
  const whole = rows.plain && n === decoded.length;
  const take = (column: Column) => (whole ? column : gather(column, origin));
  const absent = absentTexts(rows, file, decoded, context);
  const user = userFields(context.fields);
  const { changedAt } = decoded;
  const own: [string, Column][] = [
    [OP, letters(rows)],
    [POS_MAJOR, { kind: 'fixed', type: 'long', length: n, values: rows.major.slice(0, n) }],
    [POS_MINOR, { kind: 'fixed', type: 'long', length: n, values: rows.minor.slice(0, n) }],
    [ENTRY, nullColumn('long', n)],
    [CHANGED_AT, changedAt ? take(changedAt) : nullColumn('timestamp', n)],
    [SOURCE, nullColumn('string', n)],
    [ABSENT, absent ? columnFromScalars('string', absent) : nullColumn('string', n)],
    [DATE_RECEIVED, constantColumn('date', daysOf(context.dateReceived), n)],
  ];
  const field = (name: string) => context.fields.find(f => f.name === name)!;
  return {
    batch: {
      length: n,
      fields: [...user, ...own.map(([name]) => field(name))],
      columns: [
        ...user.map(f => {
          const column = file.column(f.name);
          if (!column) return nullColumn(f.type, n);
          // The log may have been widened since the file was opened.
          const now = castColumn(column, f.type);
          return rows.plain ? take(now) : keyChanged(f, now, rows, decoded, context, file);
        }),
        ...own.map(([, column]) => column),
      ],
    },
    least: rows.least,
    greatest: rows.greatest,
    partial: absent?.some(a => a !== null) ?? false,
    truncates: rows.truncates,
  };
}

/** A user's column: the row's value, the old key for the delete half of a key change, nothing for a TRUNCATE. */
function keyChanged(
  field: Field,
  column: Column,
  rows: PlacedRows,
  { before }: DecodedBatch,
  { table }: SettleContext,
  file: FileColumns,
): Column {
  const old = before?.get(field.name);
  const isKey = table.key.includes(field.name);
  const [NOW, BEFORE, NOTHING] = [0, 1, 2];
  const source = new Uint8Array(rows.length);
  const row = new Uint32Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const from = rows.origin[i]!;
    if (rows.ops[i] === OP_TRUNCATE) source[i] = NOTHING;
    else if (rows.part[i] === OLD_KEY) source[i] = isKey ? BEFORE : NOTHING;
    else source[i] = rows.part[i] === NEW_KEY && file.lacks(field.name, from) ? BEFORE : NOW;
    row[i] = source[i] === NOTHING ? 0 : from;
  }
  const was = old ? castColumn(old, field.type) : column;
  return gatherFrom([column, was, nullColumn(field.type, 1)], source, row);
}

/** The field ids that each row lacks, as JSON, NULL where none; undefined where no row lacks any. */
function absentTexts(
  rows: PlacedRows,
  file: FileColumns,
  { absent }: DecodedBatch,
  { table, fields }: SettleContext,
): (string | null)[] | undefined {
  // What an appended row lacks is NULL: there is no row before it whose values could stay.
  if (table.mode === 'append') return undefined;
  const { lacking } = file;
  const ofRows = absent?.some(flags => flags) ?? false;
  if (!ofRows && lacking.length === 0) return undefined;
  const user = userFields(fields);
  const ofFile = lacking.length > 0 ? JSON.stringify(lacking.map(f => f.id)) : null;
  return Array.from({ length: rows.length }, (_, i) => {
    // A delete says nothing about columns, and a key change's insert is complete.
    if (rows.part[i] !== PLAIN || rows.ops[i] === OP_TRUNCATE || rows.ops[i] === OP_DELETE) return null;
    if (!ofRows) return ofFile;
    const ids = user.filter(f => lacking.includes(f) || file.lacks(f.name, rows.origin[i]!)).map(f => f.id);
    return ids.length > 0 ? JSON.stringify(ids) : null;
  });
}

/** One letter a row. */
function letters(rows: PlacedRows): Column {
  const data = Uint8Array.from(rows.ops.subarray(0, rows.length), op => OP_LETTERS[op]!.charCodeAt(0));
  const offsets = Int32Array.from({ length: rows.length + 1 }, (_, i) => i);
  return { kind: 'var', type: 'string', length: rows.length, offsets, data };
}

import { missingKey, partialKeyChange } from '../../change/errors';
import { compareKeys, encodeKeys } from '../../change/key-order';
import { OP_DELETE, OP_INSERT, OP_LETTERS, OP_TRUNCATE, OP_UPDATE } from '../../change/op';
import { dmsSequence, type Position, position } from '../../change/position';
import type { Column } from '../../columnar/column';
import { isNull, valueAt } from '../../columnar/kernels';
import { literal } from '../../columnar/literal';
import type { ResolvedTable } from '../../config/resolved';
import { TidemarkError } from '../../errors';
import type { DecodedBatch } from '../../formats/format';
import { Fit } from '../../formats/where';
import { appendOnly, badSequence, partlyTold, untoldWhere } from './errors';
import { FileColumns, logRows, NEW_KEY, OLD_KEY, PLAIN, PlacedRows } from './log-rows';
import type { SettleContext, Settled, SettleFault } from './settled';

/**
 * Settles what each decoded row means: its op (`deletedWhen` and `where` included), position, absent columns, and for a
 * key change the delete of the old key beside the insert of the new (PROTOCOL.md, I1, P6). What the log says is final.
 */
export function settle(decoded: DecodedBatch, context: SettleContext): Settled {
  const rows = new Rows(decoded, context);
  const { onlyRows } = context;
  for (let i = 0; i < decoded.length; i++) if (!onlyRows || onlyRows.has(decoded.row[i]!)) rows.take(i);
  return rows.finish();
}

class Rows {
  private readonly faults: SettleFault[] = [];
  private leftOut = 0;
  private readonly rows: PlacedRows;
  private readonly file: FileColumns;
  private readonly changed: (i: number) => boolean;
  private readonly dies: (i: number) => boolean;
  private readonly keyColumns: readonly (Column | undefined)[];

  constructor(
    private readonly decoded: DecodedBatch,
    private readonly context: SettleContext,
  ) {
    this.file = new FileColumns(decoded, context);
    this.rows = new PlacedRows(decoded.length);
    this.keyColumns = context.table.key.map(name => this.file.column(name));
    this.changed = keyChanges(decoded, context, this.keyColumns);
    this.dies = deletedWhen(context, this.file);
  }

  take(i: number): void {
    const op = this.decoded.ops[i]!;
    const fault = this.opFault(i, op) ?? (op === OP_TRUNCATE ? undefined : this.keyFault(i));
    if (fault?.code === NO_KEY && this.isUnfit(i) && !this.changed(i)) {
      this.leftOut++;
      return;
    }
    const at = fault ?? this.positionOf(i);
    if (!('major' in at)) {
      const { row, line } = this.decoded;
      this.faults.push({ row: row[i]!, line: line[i]!, code: at.code, reason: at.reason });
      return;
    }
    const moved = op === OP_UPDATE && this.changed(i);
    const leaves = this.isUnfit(i);
    const settled = op !== OP_TRUNCATE && (leaves || this.dies(i)) ? OP_DELETE : op;
    if (moved) this.rows.place(i, OP_DELETE, OLD_KEY, at);
    // Of a row that leaves nothing but its key was read.
    const part = moved && !leaves ? NEW_KEY : PLAIN;
    this.rows.place(i, moved && settled === OP_UPDATE ? OP_INSERT : settled, part, at);
  }

  /** A row that `where` does not ask for goes, whether it stood in the table or never came in. */
  private isUnfit(i: number): boolean {
    return this.decoded.fit?.[i] === Fit.Unfit;
  }

  /** A change that the table does not take, or of which nobody knows whether its row is the table's. */
  private opFault(i: number, op: number): Fault | undefined {
    if (this.context.table.mode === 'append' && op !== OP_INSERT) return faultOf(appendOnly(OP_LETTERS[op]!));
    const stands = op === OP_INSERT || op === OP_UPDATE;
    return stands && this.decoded.fit?.[i] === Fit.Untold ? faultOf(untoldWhere()) : undefined;
  }

  /** A row without its key, or a key change whose new row would have holes. */
  private keyFault(i: number): Fault | undefined {
    const { table, columns } = this.context;
    if (table.key.length === 0) return undefined;
    const missing = this.keyColumns.findIndex(
      (c, k) => !c || isNull(c, i) || this.file.lacks(table.key[k]!, i),
    );
    if (missing >= 0) return faultOf(missingKey(table.key[missing]!, ''));
    if (this.decoded.ops[i] !== OP_UPDATE || this.dies(i) || this.isUnfit(i)) return undefined;
    if (!this.changed(i)) return this.entryFault(i);
    const hole =
      this.file.hole ?? columns.find(c => this.file.lacks(c.name, i) && !this.knowsOld(c.name, i))?.name;
    return hole === undefined ? undefined : faultOf(partialKeyChange(hole, ''));
  }

  /** An update that leaves columns out, by which its row may enter: those that `where` kept out left no values behind. */
  private entryFault(i: number): Fault | undefined {
    const { columns, table } = this.context;
    const { where } = table;
    if (!where) return undefined;
    const left = columns.find(c => this.file.lacks(c.name, i))?.name ?? this.file.unnamed;
    return left === undefined || this.fittedBefore(i, where) ? undefined : faultOf(partlyTold(left));
  }

  private fittedBefore(i: number, where: NonNullable<ResolvedTable['where']>): boolean {
    return Object.entries(where).every(([name, equals]) => {
      const was = this.decoded.before?.get(name);
      return was !== undefined && this.knowsOld(name, i) && valueAt(was, i) === literal(equals, was.type);
    });
  }

  private knowsOld(column: string, i: number): boolean {
    const { before, beforeUnknown } = this.decoded;
    return before?.has(column) === true && beforeUnknown?.get(column)?.[i] !== 1;
  }

  private positionOf(i: number): Position | Fault {
    const { rule } = this.context;
    const row = this.decoded.row[i]!;
    const sequence = rule.ownPositions && this.decoded.sequence && valueAt(this.decoded.sequence, i);
    const changedAt = rule.ownPositions && this.decoded.changedAt && valueAt(this.decoded.changedAt, i);
    try {
      if (typeof sequence === 'string' && sequence !== '') {
        const parsed = dmsSequence(sequence);
        if (!parsed) return { code: 'TM_2305', reason: badSequence(sequence) };
        return position(rule.generation, parsed.micros, parsed.counter, '');
      }
      if (typeof changedAt === 'bigint')
        return position(rule.generation, changedAt, rule.withinCommit(row), '');
      const { major, minor } = rule.ofRow(row);
      return position(rule.generation, major, minor, '');
    } catch (error) {
      if (!(error instanceof TidemarkError)) throw error;
      return faultOf(error);
    }
  }

  finish(): Settled {
    const { faults, leftOut } = this;
    return { ...logRows(this.rows, this.file, this.decoded, this.context), faults, leftOut };
  }
}

/** No row of the table can have it. */
const NO_KEY = missingKey('', '').code;

type Fault = Pick<SettleFault, 'code' | 'reason'>;

function faultOf(error: TidemarkError): Fault {
  return { code: error.code, reason: error.what };
}

/** A before-image whose key equals the new one is no key change (PROTOCOL.md, P6). */
function keyChanges(
  { before, length }: DecodedBatch,
  { table }: SettleContext,
  keyColumns: readonly (Column | undefined)[],
): (i: number) => boolean {
  if (!before || !table.key.some(name => before.has(name)) || keyColumns.some(c => !c)) return () => false;
  const now = encodeKeys(keyColumns as Column[], length);
  const olds = table.key.map((name, k) => before.get(name) ?? keyColumns[k]!);
  const was = encodeKeys(olds, length);
  return i => olds.every(c => !isNull(c, i)) && compareKeys(now, i, was, i) !== 0;
}

function deletedWhen({ table }: SettleContext, file: FileColumns): (i: number) => boolean {
  const rule = table.deletedWhen;
  const column = rule && file.column(rule.column);
  const dead = rule && column && literal(rule.equals, column.type);
  if (!rule || !column || dead === undefined) return () => false;
  return i => !file.lacks(rule.column, i) && valueAt(column, i) === dead;
}

import { OP_INSERT } from '../change/op';
import { ColumnBuilder } from '../columnar/builder';
import { valueAt } from '../columnar/kernels';
import { literal } from '../columnar/literal';
import { type TextReader, textReader } from '../columnar/parse-text';
import type { PrimitiveType, Scalar } from '../columnar/types';
import { type RowFault, whereUnfit } from './errors';

/** Which rows of a source a table takes in. */
export interface Where {
  /** Values by column, all of which a row has to have. */
  readonly equals: Readonly<Record<string, string | number | boolean>>;
  /**
   * A row that does not fit is left out; else only its op, its place and its key are read, and it is left out where it has
   * no key that a row of the table could have.
   */
  readonly leavesOut: boolean;
  readonly key: readonly string[];
}

/** Whether a row fits. Untold: it says nothing of a column that is asked for. */
export enum Fit {
  Fits,
  Unfit,
  Untold,
}

/**
 * Whether a row is left out. One that says nothing of a column is not the table's, unless it says that something else
 * befell its row than that it was inserted: then somebody has to look at it.
 * @param op undefined: it is not known yet
 */
export function isLeftOut({ leavesOut }: Where, fit: Fit, op?: number): boolean {
  return leavesOut && (fit === Fit.Unfit || (fit === Fit.Untold && op === OP_INSERT));
}

/** Whether a row that does not fit, and is known by no older key, has a key that no row of the table can have. */
export function isNobodys({ key }: Where, fit: Fit, fault: RowFault): boolean {
  return fit === Fit.Unfit && fault.column !== undefined && key.includes(fault.column);
}

/** Whether a fault is of a column of which nothing is read in rows that do not fit. */
export function isOfOwnRows({ equals, key }: Where, { column }: RowFault): boolean {
  return column !== undefined && !Object.hasOwn(equals, column) && !key.includes(column);
}

/** Takes the values of a row as its format reads them. */
export interface Sink<Fault> {
  text(field: number, bytes: Uint8Array, from: number, to: number): Fault | undefined;
  null(field: number): Fault | undefined;
  /** The row lacks the field, which is not NULL. */
  absent(field: number): void;
}

interface Condition {
  readonly type: PrimitiveType;
  readonly meant: Scalar;
  /** Of a string. */
  readonly bytes: Uint8Array;
  readonly builder: ColumnBuilder;
  readonly read: TextReader;
}

/** A column that a `where` asks for, where a format has it. */
export interface Asked {
  readonly field: number;
  readonly name: string;
  readonly type: PrimitiveType;
}

/** The value that is asked for in a column. @throws TM_2186 where no row could have it */
export function meantBy({ equals }: Where, { name, type }: Omit<Asked, 'field'>, file: string): Scalar {
  const meant = literal(equals[name]!, type);
  if (meant === undefined) throw whereUnfit(name, type, equals[name]!, file);
  return meant;
}

/**
 * Finds out whether a row fits before anything else of it is read: a row of somebody else's may have anything in the
 * columns of the same names. A value that is none of its column's type passes, and is found when the row is read.
 */
export class WhereTest implements Sink<never> {
  /** The fields whose values are to be given. */
  readonly fields: readonly number[];
  private readonly conditions: ReadonlyMap<number, Condition>;
  private told = 0;
  private unfit = false;

  /** @throws TM_2186 */
  constructor(where: Where, asked: readonly Asked[], from: { file: string; decimalComma?: boolean }) {
    this.fields = asked.map(({ field }) => field);
    const options = { decimalComma: from.decimalComma ?? false, utf8Checked: true };
    this.conditions = new Map(
      asked.map(one => {
        const { field, name, type } = one;
        const meant = meantBy(where, one, from.file);
        const bytes = Buffer.from(String(where.equals[name]));
        const builder = new ColumnBuilder(type, 1);
        return [field, { type, meant, bytes, builder, read: textReader(type, options) }];
      }),
    );
  }

  /** Before the values of a row. */
  begin(): void {
    this.told = 0;
    this.unfit = false;
  }

  text(field: number, bytes: Uint8Array, from: number, to: number): undefined {
    this.told++;
    const { type, meant, bytes: wanted, builder, read } = this.conditions.get(field)!;
    if (type === 'string') {
      this.unfit ||= Buffer.compare(wanted, bytes.subarray(from, to)) !== 0;
      return;
    }
    if (read(builder, bytes, from, to) !== undefined) return;
    const value = valueAt(builder.finish(), 0);
    this.unfit ||= value !== meant;
  }

  null(): undefined {
    this.told++;
    this.unfit = true;
  }

  absent(): void {}

  /** After them. */
  get fit(): Fit {
    if (this.unfit) return Fit.Unfit;
    return this.told < this.fields.length ? Fit.Untold : Fit.Fits;
  }
}

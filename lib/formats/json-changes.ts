import type { Aliases } from './aliases';
import { BatchBuilder } from './batch-builder';
import type { RowFault } from './errors';
import type { DeclaredColumn, DecodedBatch, RecordColumns } from './format';
import { ChangeWriter, LEFT_OUT } from './json-change-writer';
import { Fields } from './json-fields';
import type { JsonKind } from './json-scanner';
import type { Bookkeeping } from './layout';
import type { Where } from './where';

/** Bytes [from, to) of a record: one JSON object. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What a value is as text of its column's type; or why it is none, or what else it may be. */
export type Formed = string | { readonly why: string } | { readonly meanings: string };

/** Reads a value that is not NULL, a string without its quotes and escapes, as text of its column's type. */
export type ValueForm = (text: string, kind: JsonKind) => Formed;

/** How a source writes the values of a row's columns. The same for all records that are written alike. */
export interface ValueForms {
  /** @param written the column's type as the config names it. Undefined: as plain JSON. */
  readonly formOf: (column: DeclaredColumn, written?: string) => ValueForm | undefined;
}

/** A value that stands beside the row, as the scanner found it. */
export interface NamedValue extends Span {
  readonly name: string;
  readonly kind: JsonKind;
}

/** A change as a record of a stream holds it. The record's bytes are UTF-8. */
export interface JsonChange {
  readonly bytes: Uint8Array;
  /** None of a TRUNCATE. */
  readonly row?: Span;
  /** What was there before: the key, at least, or nothing that is known. */
  readonly before?: Span;
  /** Undefined: a member of the row says it, or it is an insert. */
  readonly op?: number;
  /** The source's commit time, a timestamp's text, where no member of the row says it. */
  readonly changedAt?: string;
  /** Default: as plain JSON. */
  readonly forms?: ValueForms;
  /** Values of columns that the table declares and the row lacks. */
  readonly beside?: readonly NamedValue[];
  /** When its record arrived, ISO text. */
  readonly arrivedAt?: string;
}

export interface ChangesRequest {
  /** The table's columns; others come in as strings, in the order first seen. */
  readonly columns: readonly DeclaredColumn[];
  /** Types as the config names them, by column. */
  readonly written?: Readonly<Record<string, string>>;
  readonly key: readonly string[];
  readonly bookkeeping: Bookkeeping;
  /** What a column that a row lacks means: NULL, or that the row says nothing about it (PROTOCOL.md, I6). */
  readonly missing: 'null' | 'absent';
  /** As many columns may come beside `columns`. Default: as many as a table can have in all. */
  readonly newColumnsMax?: number;
  /** Why a table cannot have a column of this name; it is asked of names that are not the table's yet. */
  readonly refuses: (name: string) => RowFault | undefined;
  readonly aliases?: Aliases;
  /** Default: every change is taken in. */
  readonly where?: Where;
  /** What becomes of names that no column has. Default: take. */
  readonly others?: 'take' | 'omit';
  /** Columns, among `columns`, that are made of a change as a whole: no member is one of them. */
  readonly record?: RecordColumns;
  /** What is wrong with a change that `where` leaves out, if it is for no other table either. Default: nothing. */
  readonly leftOutIs?: RowFault;
}

/**
 * Changes of one table in columns; ordinals count the changes given. One that cannot be read is a bad row and touches
 * no other: not even a column that it alone names comes of it. Nor does one of a change that does not fit.
 * @throws TM_2186
 */
export function decodeChanges(
  changes: readonly JsonChange[],
  request: ChangesRequest,
): { columns: DeclaredColumn[]; batch: DecodedBatch } {
  const fields = new Fields(request);
  const { where, leftOutIs } = request;
  const size = { batchRows: Math.max(1, changes.length), batchBytes: Number.POSITIVE_INFINITY, where };
  const batch = new BatchBuilder(fields.layout, size);
  const rows = new ChangeWriter(batch, fields, request);
  changes.forEach((change, i) => {
    const fault = rows.write(change);
    if (fault === LEFT_OUT && !leftOutIs) batch.leaveOut(change.bytes.length);
    else if (fault) batch.reject(fault === LEFT_OUT ? leftOutIs! : fault, i + 1, change.bytes);
    else {
      batch.keep(i + 1, change.bytes.length, rows.fit);
      rows.kept();
    }
  });
  return onlyColumns(batch.finish(), fields.data(), { rows, where });
}

/** Without the columns that no row of the batch names and that are not the table's. What was asked for is still known of before. */
function onlyColumns(
  batch: DecodedBatch,
  data: readonly (DeclaredColumn & { readonly field: number; readonly declared: boolean })[],
  { rows, where }: { readonly rows: ChangeWriter; readonly where: Where | undefined },
): { columns: DeclaredColumn[]; batch: DecodedBatch } {
  const stay = data.map(column => column.declared || rows.isNamed(column.field));
  const staying = <T>(all: readonly T[]) => all.filter((_, i) => stay[i]);
  const isAsked = (name: string) => where !== undefined && Object.hasOwn(where.equals, name);
  const gone = data.filter(({ name }, i) => !stay[i] && !isAsked(name)).map(column => column.name);
  const before = batch.before && new Map([...batch.before].filter(([name]) => !gone.includes(name)));
  return {
    columns: staying(data).map(({ name, type }) => ({ name, type })),
    batch: {
      ...batch,
      columns: staying(batch.columns),
      absent: batch.absent && staying(batch.absent),
      before,
    },
  };
}

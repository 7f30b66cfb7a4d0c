import type { Column } from '../columnar/column';
import type { PrimitiveType } from '../columnar/types';
import type { Aliases } from './aliases';
import type { Fit, Where } from './where';

/** A file as a decoder sees it: bytes as they are stored. Decoders undo gzip themselves. */
export interface SourceFile {
  /** Last part of the path: it stands in errors and says `.gz`. */
  readonly name: string;
  /** Stored bytes. */
  readonly size: number;
  /** The file from its first byte; each call starts anew. */
  stream(): AsyncIterable<Uint8Array>;
  /** Stored bytes [start, end). */
  range(start: number, end: number): Promise<Uint8Array>;
}

/** A column the table declares: its type decides how text is read. */
export interface DeclaredColumn {
  readonly name: string;
  readonly type: PrimitiveType;
}

/** How a file is written, where that differs from the defaults. */
export interface FormatOptions {
  /** One ASCII character. Default: a comma. */
  readonly delimiter?: string;
  /** One ASCII character. Default: a double quote. */
  readonly quote?: string;
  /** The first row names the columns. Default: true for csv, false for dms-csv. */
  readonly header?: boolean;
  /** Bare text that is NULL. Default: '' (a bare empty field). */
  readonly nullLiteral?: string;
  /** A quoted empty field is NULL too. Default: false, it is an empty string. */
  readonly quotedEmptyIsNull?: boolean;
  /** Numbers are written with a decimal comma. Default: false. */
  readonly decimalComma?: boolean;
  /** Name of the op column (I, U, D or T). Default: `Op` in the DMS formats, none in the others. */
  readonly opColumn?: string;
  /**
   * Name of the column with the source's commit time. A headerless DMS file has it right after the op,
   * unless the declared columns name it and so give its place.
   */
  readonly timestampColumn?: string;
  /**
   * Name of the column with the source's change sequence. Default: `AR_H_CHANGE_SEQ` in the DMS formats. A
   * headerless DMS file has it after op and timestamp if it is named here, unless the declared columns name it.
   */
  readonly sequenceColumn?: string;
  /** The file is a copy: its rows need no op column and are inserts without one. Default: false. */
  readonly load?: boolean;
  /** A longer row is a bad row. Default: 8 MiB. */
  readonly rowBytesMax?: number;
}

/** Columns that are made of a record or row as a whole. */
export interface RecordColumns {
  /** Its text. */
  readonly text?: string;
  /** When it arrived: of records of a stream. */
  readonly arrivedAt?: string;
}

/** What to decode and how. */
export interface DecodeRequest {
  readonly file: SourceFile;
  /** The table's columns in declared order: a headerless file has them in this order. May be empty. */
  readonly columns: readonly DeclaredColumn[];
  readonly options: FormatOptions;
  readonly aliases?: Aliases;
  /** Default: every row is taken in. */
  readonly where?: Where;
  /** Columns that are not among `columns`. A format whose rows name them leaves them unread with `omit`. Default: take. */
  readonly others?: 'take' | 'omit';
  /** Of JSON lines: columns, among `columns`, that are made of a row as a whole. No member of the row is one of them. */
  readonly record?: RecordColumns;
  /** Rows a batch has at most (bad rows counted). */
  readonly batchRows: number;
  /** A batch is closed once its rows took this many bytes of the file's content. */
  readonly batchBytes: number;
}

/** A file whose columns are known; its rows are read once, as a stream of batches. */
export interface OpenedFile {
  /**
   * The columns this file has, without bookkeeping ones: in file order (JSON lines: declared order, then as
   * first seen), with their declared type, else string (Parquet: the file's type).
   */
  readonly columns: readonly DeclaredColumn[];
  batches(): AsyncIterable<DecodedBatch>;
}

/** Rows in columns, and the rows that could not be read. */
export interface DecodedBatch {
  readonly length: number;
  /** As OpenedFile.columns. */
  readonly columns: readonly Column[];
  /** Op codes (change/op.ts); the row of a file without op is an insert. */
  readonly ops: Uint8Array;
  /** 0-based ordinal of each row in the file; bad rows count, the header does not. */
  readonly row: Float64Array;
  /** 1-based line each row starts on; for Parquet the row's ordinal + 1. */
  readonly line: Float64Array;
  /** Per column: 1 where the row lacks it (JSON lines; absent is not NULL). Undefined: no row lacks it. */
  readonly absent?: readonly (Uint8Array | undefined)[];
  /** The source's commit time, timestamp. */
  readonly changedAt?: Column;
  /** The source's change sequence, string. */
  readonly sequence?: Column;
  /** Before-images (`BI_<column>`) by column name, typed like the column. */
  readonly before?: ReadonlyMap<string, Column>;
  /** Per before-image: 1 where nothing is known of the old value. Undefined: a NULL is one. */
  readonly beforeUnknown?: ReadonlyMap<string, Uint8Array>;
  readonly bad: readonly BadRow[];
  /** Where the request has a `where` that leaves no row out: which fit. Those that do not have a key alone. */
  readonly fit?: ArrayLike<Fit>;
  /** Rows that do not fit and were left out. */
  readonly leftOut?: number;
}

/** A row that was left out, and why. */
export interface BadRow {
  /** 0-based ordinal in the file. */
  readonly row: number;
  /** 1-based line its first byte stands on; for Parquet the row's number + 1. */
  readonly line: number;
  readonly column?: string;
  readonly code: `TM_${number}`;
  readonly reason: string;
  /** The row's bytes without its line end; the first 64 KiB of a longer row. */
  readonly raw: Uint8Array;
}

/** A file format. `open` and `batches` throw TidemarkError for a fault of the whole file. */
export interface Format {
  readonly kind: FormatKind;
  open(request: DecodeRequest): Promise<OpenedFile>;
}

export type FormatKind = 'csv' | 'dms-csv' | 'dms-parquet' | 'json-lines';

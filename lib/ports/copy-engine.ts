import type { Field, PrimitiveType, Scalar } from '../columnar/types';
import type { Transform } from '../iceberg/transform-kind';

/**
 * How a stored value becomes one of its column's type, where a cast between the two would say something else.
 * text: a string that spells the value. utf8: bytes that are the text. bits: bytes of an unsigned number, the highest
 * first; of a boolean 0 or 1.
 */
export type StoredAs = 'text' | 'utf8' | 'bits';

/** A column as the copy describes it. Without `stored` the files hold values of the type, or of one that widens to it. */
export interface DescribedColumn {
  readonly name: string;
  readonly type: PrimitiveType;
  readonly stored?: StoredAs;
}

/** A file at hand: where it lies, and what people call it. */
export interface LocalFile {
  readonly path: string;
  readonly name: string;
}

/** Parquet files of a copy that are taken on together; their order is that of their rows. */
export interface CopiedFiles {
  readonly files: readonly LocalFile[];
  /** Undefined where only the files say which columns there are. */
  readonly columns?: readonly DescribedColumn[];
}

/** Of a row group. Bytes are counted in memory. */
export interface RowGroupLimits {
  readonly rowGroupRowsMax: number;
  readonly rowGroupBytesMax: number;
}

/** What every row of a load bears. */
export interface LoadMark {
  readonly major: bigint;
  readonly minor: bigint;
  readonly entry: number;
  readonly source: string;
  /** `YYYY-MM-DD`. */
  readonly dateReceived: string;
  /** Field ids of columns that its rows say nothing of; a delete says nothing of any. */
  readonly absent?: readonly number[];
}

/** A column of the log by which the table is partitioned. */
export interface PartitionSource {
  readonly source: Field;
  readonly transform: Transform;
}

/** Reading a copy as the log's columns. */
export interface ReadOrder {
  readonly copy: CopiedFiles;
  /** Column -> a column of the copy or one derived before it, else an expression of DuckDB; in order. */
  readonly derive: Readonly<Record<string, string>>;
  /** The log's. What the copy has beyond them is left; what it lacks is NULL. */
  readonly fields: readonly Field[];
  readonly key: readonly Field[];
}

/** Rows that the source has deleted and still has: those in which the column has this value. */
export interface DeadRows {
  readonly field: Field;
  readonly value: Scalar;
}

export interface SplitOrder extends ReadOrder {
  readonly mark: LoadMark;
  readonly partitionBy: readonly PartitionSource[];
  readonly countOn?: Field | undefined;
  /** They come into parts of their own, as deletes. */
  readonly dead?: DeadRows | undefined;
  /** Whether rows of one key are kept, in the copy's order; it costs a fifth of the time. Without a key they always are. */
  readonly keysRepeat?: boolean;
  /** Absent or empty. A crash leaves files in it that are not whole. */
  readonly folder: string;
  readonly limits: RowGroupLimits;
}

/** The least and the greatest value of the key's first column, or values beyond them. */
export interface KeySpan {
  readonly min: Exclude<Scalar, null>;
  readonly max: Exclude<Scalar, null>;
}

/** A file of one partition's rows. */
export interface WrittenPart {
  readonly file: string;
  /** In the order of partitionBy. */
  readonly partition: readonly Scalar[];
  /** Whether its rows are deletes. */
  readonly dead: boolean;
  readonly rows: number;
  readonly bytes: number;
  /** Rows in which countOn is not NULL; without it all. */
  readonly counted: number;
  /** Rows in which a column of the key is NULL, or more where several are. */
  readonly nullKeys: number;
  /** Undefined where the file does not tell. */
  readonly keys?: KeySpan | undefined;
}

export interface SortColumn {
  readonly field: Field;
  readonly descending?: boolean;
}

export interface PackOrder {
  /** Parts of one partition, of the log's schema. */
  readonly parts: readonly string[];
  /** The table's. */
  readonly fields: readonly Field[];
  /** Rows are sorted by these, then by the key; without either they stay in the parts' order. */
  readonly sortBy: readonly SortColumn[];
  readonly key: readonly Field[];
  readonly file: string;
  readonly limits: RowGroupLimits;
}

/** Rows of a part that follow each other, as a file of their own or the part itself. */
export interface PartPiece {
  readonly file: string;
  /** Which part it is of. Pieces come in the order of parts, at most one of each. */
  readonly part: number;
  /** The place in the part of the file's first row, from 0. */
  readonly firstRow: number;
}

/** A row of a part: the part's number, its place in the part from 0. */
export interface PlacedRow {
  readonly part: number;
  readonly row: number;
  /** The key as text, NULL as null. */
  readonly key: readonly (string | null)[];
}

/** A row of a copy, counted from 1 and without a header. */
export interface CopiedRow {
  readonly file: string;
  readonly row: number;
}

export interface PartKeys {
  /** They need no other columns than the key's, and newestBy where it is asked for. */
  readonly pieces: readonly PartPiece[];
  readonly key: readonly Field[];
  /** Keys whose first column is at least `from` and below `to`; others of the pieces do not count. Default: all. */
  readonly from?: Exclude<Scalar, null> | undefined;
  readonly to?: Exclude<Scalar, null> | undefined;
}

export interface Repeated {
  /** Keys that more than one row has. */
  readonly keys: number;
  /** Rows beyond the first of each. */
  readonly surplus: number;
  /** By key, part and row. */
  readonly first: readonly PlacedRow[];
}

export interface NewestOrder extends PartKeys {
  readonly newestBy: Field;
  /** Where the rows that lose go, for `without`. */
  readonly file: string;
}

export interface WithoutOrder {
  /** The part, whole. */
  readonly from: string;
  readonly part: number;
  /** As `losers` wrote them. */
  readonly losers: readonly string[];
  readonly fields: readonly Field[];
  readonly file: string;
  readonly limits: RowGroupLimits;
}

/**
 * What the steps of a load ask of the engine, in terms of local files. The same order gives the same rows in the same
 * order. Each call holds its memory for itself and spills into a folder of its own; a crash leaves files that are not
 * whole at the names given. All throw TM_2735 where rows are too wide for that memory, TM_5101 where the disk is full.
 */
export interface CopyEngine {
  /**
   * Reads files of a copy, derives, and writes one file a partition (more where it is cut), rows sorted by the key.
   * @throws TM_2731 for a row that does not fit, TM_2732 for a file that cannot be read, TM_2733 for a derivation that
   * is none, TM_2734 for a column of a type that cannot become the table's
   */
  split(order: SplitOrder): Promise<readonly WrittenPart[]>;
  /** The first `limit` rows in which a column of the key is NULL. */
  nullKeys(order: ReadOrder, limit: number): Promise<readonly CopiedRow[]>;
  /** Parts of a partition as one data file of the table, sorted. */
  pack(order: PackOrder): Promise<{ readonly rows: number; readonly bytes: number }>;
  /** Keys that several rows have, and the first `limit` of those rows. */
  repeated(order: PartKeys, limit: number): Promise<Repeated>;
  /**
   * Of each key's rows all but the newest, by part; of equally new ones the last stays, one without a time loses.
   * @returns how many each piece's part loses, in the order of the pieces
   */
  losers(order: NewestOrder): Promise<readonly number[]>;
  /** The part without the rows that lose, in their order. Undefined when none is left. */
  without(order: WithoutOrder): Promise<{ readonly rows: number; readonly bytes: number } | undefined>;
}

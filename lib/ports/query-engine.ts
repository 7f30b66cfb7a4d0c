import type { Field } from '../columnar/types';

/** What a parameter can be. It is bound, never pasted into the text. */
export type SqlParameter = null | boolean | number | bigint | string;

/** A name, and the SELECT that it stands for. */
export interface View {
  readonly name: string;
  readonly sql: string;
}

/** SQL whose parameters are written $1, $2 ... */
export interface Statement {
  readonly sql: string;
  readonly params?: readonly SqlParameter[];
}

/** A statement, and what names in it stand for: for it alone, as others under way may read other snapshots. */
export interface Query extends Statement {
  readonly views?: readonly View[];
}

/** A column of an answer; `type` is the engine's name of it, such as BIGINT or DECIMAL(10,2). */
export interface ResultColumn {
  readonly name: string;
  readonly type: string;
}

/**
 * One value of an answer. Integers beyond 32 bits: bigint; int, float, double: number. As text: decimals with all
 * their digits, dates `YYYY-MM-DD`, timestamps `YYYY-MM-DD HH:MM:SS[.ffffff]` (with `+00` where the type has a zone),
 * binary in hex, everything else as the engine writes it.
 */
export type Cell = null | boolean | number | bigint | string;

export interface Rows {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly Cell[])[];
}

/** An answer in pieces: the columns at once, the rows as they come. */
export interface RowStream {
  readonly columns: readonly ResultColumn[];
  readonly batches: AsyncIterable<readonly (readonly Cell[])[]>;
}

/** The answer of a statement as Parquet below a folder of ours that nobody else writes to. */
export interface ParquetOrder extends Query {
  /** What the columns become, in the statement's order: names, types and field ids. */
  readonly fields: readonly Field[];
  /** An absolute name, as ObjectStore.uri gives it. */
  readonly folder: string;
}

/**
 * Runs SQL. Statements know nothing of each other, however many are under way: none ends or alters another's answer.
 * @throws TM_6001 with the engine's own words, line included, when a statement cannot run
 */
export interface QueryEngine {
  rows(query: Query): Promise<Rows>;
  /** Holds what it needs until its batches are read to the end or left, or the engine is closed, which ends it. */
  stream(query: Query): Promise<RowStream>;
  /** Columns and types of a SELECT, without running it. */
  describe(query: Query): Promise<readonly ResultColumn[]>;
  /** Whether the text is one statement that only reads. Its names must be known to the engine, or be its views. */
  readsOnly(query: Query): Promise<boolean>;
  close(): Promise<void>;
}

/** What an engine beside the lake's files can do; Athena writes tables by statements of its own (QueryJobs). */
export interface ParquetWriter {
  /**
   * Writes what a SELECT gives, in its order, and answers with the files' absolute names once they are durable;
   * none for no rows. A crash within leaves files that nothing names.
   */
  writeParquet(order: ParquetOrder): Promise<readonly string[]>;
}

/** An engine that answers, and writes Parquet too. */
export type WritingEngine = QueryEngine & ParquetWriter;

import type { DescribedColumn } from '../../../ports/copy-engine';

/**
 * How the files of a copy are written; csv and json (one object a line) perhaps packed with gzip. dms: LOAD objects, which
 * are read as ingest reads them.
 */
export type CopyFormat = 'parquet' | 'csv' | 'json' | 'dms';

/** One file of a copy, as it was when the copy was looked at. */
export interface CopyFile {
  /** In the source's store. */
  readonly key: string;
  readonly uri: string;
  readonly bytes: number;
  /** The store's own: it is read on condition that it still has it. */
  readonly etag: string;
  readonly rows?: number;
}

/** A copy of one table. */
export interface TableCopy {
  /** By uri, in the order of UTF-8 bytes; none for an empty table. */
  readonly files: readonly CopyFile[];
  readonly format: CopyFormat;
  /** Undefined where only the rows say which columns there are. */
  readonly columns?: readonly DescribedColumn[];
  /** MD5 over each file's uri, then its etag (fingerprintOf). */
  readonly fingerprint: string;
  readonly bytes: number;
  /** Undefined where only a reading of all files would tell. */
  readonly rows?: number;
}

/** Copies of tables as they lie somewhere. They are only read. */
export interface CopySource {
  /** The tables' names as the source says them, `shop.orders`, in order; those that it could not copy included. */
  tables(): Promise<readonly string[]>;
  /** The table's files and columns, checked as far as listings and footers tell. @throws TM_2701 to TM_2716 */
  copyOf(table: string): Promise<TableCopy>;
}

import type { ObjectStore } from '../../ports/object-store';
import type { ColumnNews } from './column-news';

/** A file that asks to be taken in. */
export interface IngestRequest {
  readonly landing: ObjectStore;
  /** The file's key in the landing. Its folders say schema and table where they follow the DMS layout. */
  readonly key: string;
  /** `YYYY-MM-DD`: the date the file counts for. Default: the date in its name, else today. */
  readonly date?: string;
  /** The table, where neither name nor layout says it. */
  readonly table?: string;
  /** A fresh id: takes in a plain file once more that was taken in before. */
  readonly again?: string;
  /** The path that it was received under, where the key is that of a copy in quarantine. */
  readonly receivedAs?: string;
  /** When it was first received, milliseconds since 1970. Default: now. */
  readonly receivedAt?: number;
}

/** What became of a file. Its columns are news of the first time it is taken in. */
export interface Ingested extends ColumnNews {
  readonly object: string;
  readonly table?: string;
  /** rows: some rows went to quarantine, the others are in. */
  readonly outcome: 'taken-in' | 'seen' | 'quarantined' | 'rows-quarantined' | 'empty';
  readonly identity?: string;
  readonly dateReceived?: string;
  readonly first?: number;
  readonly count?: number;
  readonly rows?: number;
  readonly error?: { readonly code: string; readonly reason: string; readonly message: string };
  readonly badRows?: number;
  /** Rows of it that are not the table's, as `where` says. */
  readonly leftOut?: number;
  /** Events of it that came before. */
  readonly repeated?: number;
}

export interface IngestOptions extends IngestRequest {
  /** Decodes and checks; writes nothing. */
  readonly dryRun?: boolean;
  /** Only these rows, by ordinal: a replay of rows that were put aside. */
  readonly onlyRows?: ReadonlySet<number>;
}

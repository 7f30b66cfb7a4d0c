import type { StreamFormat } from '../../formats/stream-formats';
import type { StreamRef, StreamShards } from '../../ledger/streams';
import type { StreamRecord } from '../../ports/change-stream';
import type { ControlTaken } from './follow-control';

/** Records of one shard that ask to be taken in. */
export interface RecordsRequest {
  /** The stream's name in the config's `sources`. */
  readonly source: string;
  /** Name and creation time tell it from an older one; its shards are asked for where one is new to the ledger. */
  readonly stream: StreamRef & { readonly shards: StreamShards };
  readonly shard: string;
  /** A run of the shard without holes, in any order; a repeat of any of them is fine. */
  readonly records: readonly StreamRecord[];
  /** They are lines of a file, each numbered by its own; the source need not be declared. */
  readonly file?: RecordsOfFile;
}

/** What goes for the records of a file. */
export interface RecordsOfFile {
  /** What it was received as: the way to it, or `-`. */
  readonly object: string;
  readonly format: StreamFormat;
  /** The table that takes in every change, whatever its record names. */
  readonly table?: string;
}

/** What became of the records of one table. */
export interface TableTaken {
  readonly table: string;
  /** seen: a batch before has dealt with all of them. rows-quarantined: some were put aside; quarantined: all were. */
  readonly outcome: 'taken-in' | 'seen' | 'rows-quarantined' | 'quarantined';
  /** The entries' numbers: `first` and `count - 1` more. */
  readonly first?: number;
  readonly count: number;
  readonly rows: number;
  readonly badRows: number;
  /** Records that are not the table's, as `where` says. */
  readonly leftOut?: number;
  /** Events that came before. */
  readonly repeated?: number;
}

export interface RecordsTaken {
  /** Each table with records among them. Wake its merge whatever the outcome: the one before may not have come to it. */
  readonly tables: readonly TableTaken[];
  /** Records put aside that are no table's. */
  readonly strays: number;
  /** What the source says of its tables, and what came of it. */
  readonly control: readonly ControlTaken[];
  /** Why some were not dealt with; those of other tables were. */
  readonly failed: readonly { readonly table?: string; readonly error: unknown }[];
  /**
   * The first record that was not dealt with; undefined when all were. Whoever reads the stream must deliver the shard
   * from here again (Lambda: as batchItemFailures), or these records are lost.
   */
  readonly retryFrom?: string;
}

import type { ControlNote } from '../../formats/stream-message';
import type { ListShards, StreamRef } from '../../ledger/streams';
import type { StreamRecord } from '../../ports/change-stream';

/** Records of one shard that ask to be taken in. */
export interface RecordsRequest {
  /** The stream's name in the config's `sources`. */
  readonly source: string;
  /** Name and creation time tell it from an older one; its shards are asked for where one is new to the ledger. */
  readonly stream: StreamRef & { readonly shards: ListShards };
  readonly shard: string;
  /** A run of the shard without holes, in any order; a repeat of any of them is fine. */
  readonly records: readonly StreamRecord[];
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
}

export interface RecordsTaken {
  /** Each table with records among them. Wake its merge whatever the outcome: the one before may not have come to it. */
  readonly tables: readonly TableTaken[];
  /** Records put aside that are no table's. */
  readonly strays: number;
  readonly control: readonly ControlNote[];
  /** Why some were not dealt with; those of other tables were. */
  readonly failed: readonly { readonly table?: string; readonly error: unknown }[];
  /**
   * The first record that was not dealt with; undefined when all were. Whoever reads the stream must deliver the shard
   * from here again (Lambda: as batchItemFailures), or these records are lost.
   */
  readonly retryFrom?: string;
}

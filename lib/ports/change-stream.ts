/** A record to put. Records of one key keep their order. */
export interface StreamPut {
  readonly key: string;
  readonly data: Uint8Array;
}

/** Key and data together, in bytes: what Kinesis takes unless a stream was set to more. */
export const RECORD_BYTES_MAX = 1 << 20;

/** A record as a shard holds it. */
export interface StreamRecord {
  readonly shard: string;
  /** A decimal string of up to 56 digits, growing within its shard; compared zero-padded, never as a number. */
  readonly sequence: string;
  readonly key: string;
  readonly data: Uint8Array;
  /** When the stream took it, milliseconds since 1970; not promised to grow. */
  readonly arrivedAt: number;
}

/** An ordered, durable stream of records in shards (Kinesis). */
export interface ChangeStream {
  /**
   * Answers when every record is durable. Those that were refused are put again, before later ones of their key.
   * @throws RecordsRefused where some are refused for too long; after any other error the stream may have some
   */
  put(records: readonly StreamPut[]): Promise<void>;
  /** Every shard, closed ones too as long as they hold records; parents come before their children. */
  shards(): Promise<readonly { readonly id: string; readonly parents: readonly string[] }[]>;
  /** Records of a shard after a sequence number, or from its oldest; none when it has no more now. */
  read(shard: string, after: string | undefined, limit: number): Promise<readonly StreamRecord[]>;
}

/** Records of a shard, and how far they are from its newest. */
export interface StreamLook {
  readonly records: readonly StreamRecord[];
  /** From where the records end to the shard's tip, milliseconds; 0 where they reach it. */
  readonly behindMs: number;
}

/** A stream that shows how much of it is not read yet. */
export interface WatchedStream extends Pick<ChangeStream, 'shards'> {
  /** One look at what comes after a sequence number, or at the oldest: fewer records than there are, or none, are fine. */
  look(shard: string, after: string | undefined, limit: number): Promise<StreamLook>;
}

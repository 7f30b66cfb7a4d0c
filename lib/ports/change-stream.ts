/** A record to put. Records of one key keep their order. */
export interface StreamPut {
  readonly key: string;
  readonly data: Uint8Array;
}

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
  /** Answers when every record is durable. Those that were refused are put again, before later ones of their key. */
  put(records: readonly StreamPut[]): Promise<void>;
  /** Every shard, closed ones too as long as they hold records; parents come before their children. */
  shards(): Promise<readonly { readonly id: string; readonly parents: readonly string[] }[]>;
  /** Records of a shard after a sequence number, or from its oldest; none when it has no more now. */
  read(shard: string, after: string | undefined, limit: number): Promise<readonly StreamRecord[]>;
}

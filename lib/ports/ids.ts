/** Fresh names. No clock decides anything through them (PROTOCOL.md, V4). */
export interface Ids {
  /** A name never given before, safe in file names. */
  fresh(): string;
  /** A positive 63-bit Iceberg snapshot id. */
  snapshotId(): bigint;
}

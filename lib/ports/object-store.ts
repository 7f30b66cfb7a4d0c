/** What a store knows of an object. `etag` changes whenever the bytes do. */
export interface ObjectInfo {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
}

/** Bytes [start, end) of another object of the same store, at least one; it must not change while it is copied from. */
export interface ObjectRange {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/** What an object is made of, in order. Ranges are copied within the store, where it can, and not through the writer. */
export type ObjectBody = Uint8Array | AsyncIterable<Uint8Array | ObjectRange>;

/** Keys that one `deleteMany` takes. */
export const DELETE_KEYS_MAX = 1000;

/** An object that `deleteMany` could not delete, and the store's own reason. */
export interface NotDeleted {
  readonly key: string;
  readonly reason: string;
}

/**
 * Objects under one root (a folder, a bucket and prefix). Keys use `/`, never start with it and never leave
 * the root: a key with an empty, `.` or `..` part throws PATH_OUTSIDE.
 */
export interface ObjectStore {
  /** The absolute name that Iceberg metadata uses for a key, and back. keyOf throws if the uri is not below this root. */
  uri(key: string): string;
  keyOf(uri: string): string;
  head(key: string): Promise<ObjectInfo | undefined>;
  /** The whole object; undefined when it is missing. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Bytes [start, end); throws OBJECT_MISSING when the object is missing or shorter. */
  range(key: string, start: number, end: number): Promise<Uint8Array>;
  /** The object's bytes in pieces, read if its etag is still `etag`; throws OBJECT_CHANGED otherwise. */
  stream(key: string, etag: string): AsyncIterable<Uint8Array>;
  /**
   * Writes the object whole and durably if the key is free. False: something stands there, nothing was written.
   * A crash within leaves nothing under the key. Throws OBJECT_MISSING for a range that its object does not have.
   */
  putIfAbsent(key: string, body: ObjectBody): Promise<boolean>;
  /** Replaces an object whatever stands there: for hints only, never for anything a commit depends on. */
  put(key: string, body: Uint8Array): Promise<void>;
  /** Objects whose key starts with the prefix, in key order, after the key `after`. */
  list(prefix: string, after?: string): AsyncIterable<ObjectInfo>;
  delete(key: string): Promise<void>;
  /**
   * Deletes up to DELETE_KEYS_MAX objects, more throw, and answers with those it could not delete; a key without an
   * object is as good as deleted. PATH_OUTSIDE for one key leaves all standing. A crash within leaves some of them.
   */
  deleteMany(keys: readonly string[]): Promise<readonly NotDeleted[]>;
}

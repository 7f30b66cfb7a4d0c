import type { ObjectStore } from './object-store';

/** An object, as it was when it was looked at. */
export interface SeenObject {
  readonly key: string;
  /** Undefined: the object never changes. */
  readonly etag?: string;
}

/** An object as it stands in a store. */
export interface Published {
  readonly bytes: number;
  /** SHA-256, hex. */
  readonly sha256: string;
}

/** Files of this machine, for an engine that knows no others. */
export interface Scratch {
  /**
   * Works in a fresh folder, which is gone afterwards. A crash leaves it; nothing in it counts.
   */
  within<T>(work: (folder: string) => Promise<T>): Promise<T>;
  /**
   * The object as a file: where it stands, if the store is a folder here, else a copy of it in `folder`.
   * @throws TM_5002 when it is gone, TM_5003 when it has another etag
   */
  bring(store: ObjectStore, object: SeenObject, folder: string): Promise<string>;
  /** Bytes as a file of that name in `folder`. A crash leaves some of it. */
  keep(bytes: AsyncIterable<Uint8Array>, folder: string, name: string): Promise<string>;
  /**
   * Writes a file into the store, whole and durably, if the key is free: else the same rows stand there, perhaps as other
   * bytes. Answers with what stands.
   */
  publish(store: ObjectStore, file: string, key: string): Promise<Published>;
}

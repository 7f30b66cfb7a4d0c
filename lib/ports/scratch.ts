import type { ObjectStore } from './object-store';

/** An object, as it was when it was looked at. */
export interface SeenObject {
  readonly key: string;
  /** Undefined: the object never changes. */
  readonly etag?: string;
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
  /** Writes a file into the store, whole and durably, if the key is free: what stands there is the same then. */
  publish(store: ObjectStore, file: string, key: string): Promise<void>;
}

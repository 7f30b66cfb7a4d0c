/** Which metadata file is a table's newest. `version` orders them; `uri` is the file's absolute name. */
export interface Pointer {
  readonly version: number;
  readonly uri: string;
}

/** refused: another commit stands where ours should; read back before judging (PROTOCOL.md, M6). */
export type SwapResult = { readonly swapped: true; readonly pointer: Pointer } | { readonly swapped: false };

/** The only commit point of a table (PROTOCOL.md, M5). */
export interface Catalog {
  /** The newest pointer and the metadata file's bytes (already gunzipped); undefined when there is no such table. */
  load(table: string): Promise<{ pointer: Pointer; metadata: Uint8Array } | undefined>;
  /** Writes the table's first metadata file if the table does not exist. */
  create(table: string, metadata: Uint8Array): Promise<SwapResult>;
  /** Writes the next metadata file and makes it the newest, if `base` still is. */
  swap(table: string, base: Pointer, metadata: Uint8Array): Promise<SwapResult>;
  list(): Promise<string[]>;
}

/** A catalog of tables that only wait to be adopted: another database, which nobody is granted to read. */
export interface StagingCatalog extends Catalog {
  /** Takes the table's entry out; its files stay, as another table may own them by now. No entry is fine. */
  forget(table: string): Promise<void>;
}

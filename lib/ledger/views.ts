import type { Items, ItemValue } from '../ports/items';
import { VIEW_PARTITION, viewKey } from './keys';

/** What is known of a table's history view. Texts go by their hash. */
export interface ViewNote {
  readonly table: string;
  /** The text that the view was last made with. */
  readonly made?: string;
  /** What that text was last made from. */
  readonly basis?: ViewBasis;
  /** The query that makes it anew. Written before it starts: whoever finds it starts it under the same token. */
  readonly open?: ViewQuery;
  /** How the last query ended, if it made nothing. */
  readonly failed?: ViewFailure;
}

/** What a view's text depends on, as far as it is known without reading the log. */
export interface ViewBasis {
  /** A hash of what the config says of it. */
  readonly config: string;
  /** The last entry of the log whose files were looked at: later ones may lack columns, or be the first to have one. */
  readonly through: number;
}

export interface ViewQuery {
  /** Fresh for each query: the engine remembers them, and a text may come back after another one. */
  readonly token: string;
  readonly hash: string;
  readonly sql: string;
  readonly basis: ViewBasis;
  /** The engine's id, once it is known. */
  readonly job?: string;
}

export interface ViewFailure {
  readonly hash: string;
  readonly error: string;
  /** Tries of this text in a row. */
  readonly tries: number;
  /** Milliseconds since 1970. */
  readonly againAt: number;
}

/** A note as it was read: it is replaced only if it still stands so. */
export interface StandingView {
  readonly note: ViewNote;
  /** Undefined before the first note. */
  readonly version?: number;
}

export async function readView(items: Items, table: string): Promise<StandingView> {
  const item = await items.get(viewKey(table));
  return item ? { note: item.value as unknown as ViewNote, version: item.version } : { note: { table } };
}

/** The note as it stands now; undefined when another process changed it since it was read. */
export async function moveView(
  items: Items,
  { version }: StandingView,
  note: ViewNote,
): Promise<StandingView | undefined> {
  // Undefined members have no JSON.
  const value = JSON.parse(JSON.stringify(note)) as ItemValue;
  const { done } = await items.transact([{ put: viewKey(note.table), value, if: version ?? 'absent' }]);
  return done ? { note, version: (version ?? 0) + 1 } : undefined;
}

export async function listViews(items: Items): Promise<ViewNote[]> {
  const found = await items.query(VIEW_PARTITION, '');
  return found.map(item => item.value as unknown as ViewNote);
}

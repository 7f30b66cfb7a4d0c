import type { Changes } from '../change/changes';
import type { Entry } from '../ledger/entries';
import { type LogView, readSlice } from './log';

/** How far a fold has come: through which entry, and of the load after it through so many row groups. */
export interface FoldPlace {
  readonly after: number;
  /** In the order in which portions take them. */
  readonly groups: number;
  /** Names all row groups of the load, where `groups` counts some of them: of others it says nothing. */
  readonly of?: string;
}

/** Changes that one step of a fold takes on. */
export interface Portion {
  /** The entries that they are of. */
  readonly entries: readonly Entry[];
  /** Where the next portion begins. */
  readonly next: FoldPlace;
  /** Of a load, no two of whose rows share a key: the log's files that have rows of it and of nothing else, by path. */
  readonly files?: ReadonlySet<string>;
  read(log: LogView): Promise<Changes>;
}

/** What one step takes on at most, one row group at least. Bytes as in memory. */
export interface PortionLimits {
  readonly mergeRowsMax: number;
  readonly mergeBytesMax: number;
}

/** All changes of some deltas. */
export function deltasPortion(entries: readonly Entry[]): Portion {
  const next = { after: entries.at(-1)!.n, groups: 0 };
  return { entries, next, read: log => readSlice(log, entries) };
}

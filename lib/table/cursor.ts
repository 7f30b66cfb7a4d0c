import { BEFORE_ALL, formatPosition, type Position, parsePosition } from '../change/position';
import { ancestors, rootReached, type Snapshot, type TableMetadata } from '../iceberg/metadata';
import { readEntry } from '../ledger/entries';
import type { LakePorts } from '../ports/lake-ports';
import { cursorLost, ledgerBehind } from './errors';

/** What a snapshot of ours says of the log it is the fold of (PROTOCOL.md, M1). Data and cursor commit together. */
export interface Cursor {
  /** The last entry folded in; 0 before the first. */
  readonly through: number;
  /** That entry's delta name: a restored ledger would give the number to another. */
  readonly entry: string;
  /** The greatest position merged, deletes and TRUNCATEs included. */
  readonly greatest: Position;
  /** Whether any change up to here was partial: then late changes refold their keys. */
  readonly partial: boolean;
}

export const START: Cursor = { through: 0, entry: '', greatest: BEFORE_ALL, partial: false };

const THROUGH = 'tidemark.merged-through';
const ENTRY = 'tidemark.merged-entry';
const GREATEST = 'tidemark.greatest-position';
const PARTIAL = 'tidemark.partial';
export const COMMIT_ID = 'tidemark.commit-id';

export function statesCursor(snapshot: Snapshot): boolean {
  return THROUGH in snapshot.summary;
}

/**
 * The cursor of the newest ancestor that states one: a foreign commit on top leaves it in force, a rollback takes
 * it back with the rows. Never that of a snapshot that is not an ancestor.
 * @param from the snapshot asked about; default: the current one
 * @throws TM_3002 when the parent chain breaks before any ancestor states it
 */
export function readCursor(table: string, metadata: TableMetadata, from?: bigint): Cursor {
  const stated = statedCursor(metadata, from);
  if (!stated) throw cursorLost(table);
  return stated;
}

/** The same, undefined where it is lost. */
export function statedCursor(metadata: TableMetadata, from?: bigint): Cursor | undefined {
  for (const snapshot of ancestors(metadata, from)) {
    if (statesCursor(snapshot)) return cursorOf(snapshot);
  }
  return rootReached(metadata, from) ? START : undefined;
}

export function cursorOf({ summary }: Snapshot): Cursor {
  return cursorOfSummary(summary);
}

/** What `cursorSummary` states. */
export function cursorOfSummary(summary: Readonly<Record<string, string>>): Cursor {
  return {
    through: Number(summary[THROUGH]),
    entry: summary[ENTRY] ?? '',
    greatest: parsePosition(summary[GREATEST] ?? formatPosition(BEFORE_ALL)),
    partial: summary[PARTIAL] === 'true',
  };
}

export function cursorSummary(cursor: Cursor): Record<string, string> {
  return {
    [THROUGH]: String(cursor.through),
    [ENTRY]: cursor.entry,
    [GREATEST]: formatPosition(cursor.greatest),
    [PARTIAL]: String(cursor.partial),
  };
}

/** A restored ledger would give a merged number to another delta (PROTOCOL.md, M1). @throws TM_3003 */
export async function checkLedger({ items }: LakePorts, table: string, cursor: Cursor): Promise<void> {
  if (cursor.through === START.through) return;
  const entry = await readEntry(items, table, cursor.through);
  if (entry?.name !== cursor.entry) throw ledgerBehind(table, cursor.through);
}

import type { Entry } from '../../ledger/entries';
import type { CurrentTable } from '../../table/current-table';
import type { Cursor } from '../../table/cursor';
import type { LiveFiles } from '../../table/live-files';
import type { OpenTable } from '../../table/open';
import type { PortionLimits } from '../../table/portion';
import type { WriteLimits } from '../../table/write-files';

export interface MergeLimits extends WriteLimits, PortionLimits {}

/** Entries to merge, and the tables as they were read for it: the log has the entries by now. */
export interface Slice {
  readonly current: CurrentTable;
  readonly log: OpenTable;
  readonly cursor: Cursor;
  readonly files: LiveFiles;
  readonly slice: readonly Entry[];
}

/** What a run of merges ended after, so that the message that goes on with it differs from the one before. */
export interface After {
  readonly through: number;
  readonly id: bigint;
}

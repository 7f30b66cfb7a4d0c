import type { ResolvedTable } from '../../config/resolved';
import { readAside } from '../../ledger/aside';
import type { LakePorts } from '../../ports/lake-ports';
import { checkLedger, statedCursor } from '../../table/cursor';
import { checkKey } from '../../table/key';
import { openTable } from '../../table/open';
import { called } from '../../table/renames';
import type { MergeLimits } from '../merge/slice';
import { compactLog } from './log';
import { compactTable } from './table';

/** What a merge may take on bounds a compaction too: rows of one file sorted in memory, row groups, file size. */
export interface CompactLimits extends MergeLimits {
  /** How many small files are worth a compaction. Default: SMALL_FILES_MIN. */
  readonly smallFilesMin?: number;
}

export const SMALL_FILES_MIN = 8;

/** One commit's worth of files that became fewer. `table` is the current table or its log, `bytes` those of the files. */
export interface Compacted {
  readonly table: string;
  readonly files: { readonly before: number; readonly after: number };
  readonly rows: number;
  readonly bytes: { readonly read: number; readonly written: number };
  readonly snapshotId: bigint;
}

/** A file below this share of the greatest size is small. */
const SMALL = 0.25;

export function isSmall(bytes: number, { fileBytesMax }: CompactLimits): boolean {
  return bytes < fileBytesMax * SMALL;
}

/**
 * One bounded piece of compaction, in one commit of the table or of its log; undefined when nothing is worth it, or
 * another commit was in its way. The rows that readers see stay the same. A crash before the commit leaves files that
 * nothing names.
 *
 * - Of the table: small files of one partition, from SMALL_FILES_MIN on, or a file whose rows another engine deleted
 *   (see planCompaction). Not while a load is folded onto its rows.
 * - Of the log: small deltas of one day that are merged (see compactLog).
 * @throws TM_3003 when the ledger is older than the table, TM_3010 when the config has another key than the table
 */
export async function compactNext(
  ports: LakePorts,
  table: ResolvedTable,
  limits: CompactLimits,
): Promise<Compacted | undefined> {
  const current = await openTable(ports, table.name);
  const cursor = current && statedCursor(current.metadata);
  if (!cursor) return undefined;
  checkKey(table, called(current, table).metadata);
  await checkLedger(ports, table.name, cursor);
  const aside = await readAside(ports.items, table.name);
  // A load that is folded onto the table's rows over many runs would begin anew at each commit of it.
  const left = aside !== undefined && aside.note.n > cursor.through;
  const compacted = left ? undefined : await compactTable(ports, table, limits);
  return compacted ?? (await compactLog(ports, table, limits));
}

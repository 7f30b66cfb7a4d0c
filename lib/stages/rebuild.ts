import type { ResolvedTable } from '../config/resolved';
import { currentSchema } from '../iceberg/metadata';
import type { LakePorts } from '../ports/lake-ports';
import { commit } from '../table/commit';
import { asWideAs, type CurrentTable, openCurrent } from '../table/current-table';
import { type Cursor, checkLedger, cursorSummary, readCursor, statedCursor } from '../table/cursor';
import { commitContended, ledgerBehind } from '../table/errors';
import { liveFiles } from '../table/live-files';
import { appendToLog, restoreLog } from '../table/log-append';
import type { OpenTable } from '../table/open';
import { openLog } from '../table/renames';
import { vacuumCountOf } from '../table/vacuum-count';
import { type Aside, foldAside, NOTHING } from './merge/fold-aside';
import { Pace } from './merge/pace';
import type { MergeLimits } from './merge/slice';

export interface Rebuilt {
  readonly table: string;
  readonly through: number;
  readonly rows: number;
  readonly files: number;
  readonly snapshotId: bigint;
}

const TRIES = 20;

/**
 * Folds the log again into new files, through the entry that the table states when the commit is made, and replaces
 * all files in that one commit: readers see the old rows, then the new ones, never none. It is also the way out when
 * the cursor is lost; then it goes through all that the log has, and a log that lost its own
 * is made again from the ledger first. A crash before the commit leaves unnamed files.
 */
export async function rebuild(
  ports: LakePorts,
  table: ResolvedTable,
  limits: MergeLimits,
): Promise<Rebuilt | undefined> {
  let fold: PartialFold | undefined;
  for (let i = 0; i < TRIES; i++) {
    const found = await openLog(ports, table);
    if (!found) return undefined;
    const log = statedCursor(found.metadata) ? found : await restoreLog(ports, table.name, found);
    if (!log) continue;
    const current = await openCurrent(ports, table, log, true);
    const target = targetOf(current, log);
    await checkLedger(ports, table.name, target);
    const vacuumCount = vacuumCountOf(current.metadata);
    const columns = JSON.stringify(currentSchema(current.metadata).fields);
    const same = fold?.vacuumCount === vacuumCount && fold.columns === columns;
    const usable = fold && same && fold.cursor.through <= target.through;
    const from: PartialFold = {
      ...(usable ? fold! : NOTHING),
      ...{ through: target.through, vacuumCount, columns },
    };
    const wide = asWideAs(current.metadata, log, ports.clock.now());
    const whole = await appendToLog(ports, table.name, wide, target.through);
    // A log that lacks entries would answer wrongly for every key that it is asked of.
    if (!whole) continue;
    // Which columns a delta lacks is asked of its file, from the first on.
    const folding = { table, current: { ...current, widened: false }, log: whole, limits };
    const { aside } = await foldAside(ports, folding, from, { pace: new Pace(ports.clock), fresh: true });
    fold = { ...from, ...aside };
    if (fold.cursor.through < target.through) throw ledgerBehind(table.name, target.through);
    const old = await liveFiles(ports.store, current.metadata);
    const result = await commit(ports, current, {
      operation: 'overwrite',
      added: fold.files.data.map(f => f.file),
      removed: new Set([...old.data, ...old.deletes].map(f => f.file.path)),
      summary: cursorSummary(fold.cursor),
    });
    if (!result.committed) continue;
    return {
      table: table.name,
      through: fold.cursor.through,
      rows: fold.files.data.reduce((sum, f) => sum + f.file.recordCount, 0),
      files: fold.files.data.length,
      snapshotId: result.snapshot['snapshot-id'],
    };
  }
  throw commitContended(table.name, TRIES);
}

/**
 * What is folded so far, and the vacuum count and columns its files were written under: a schema that is not committed
 * yet may have the id of another.
 */
interface PartialFold extends Aside {
  readonly vacuumCount: number;
  readonly columns: string;
}

function targetOf(current: CurrentTable, log: OpenTable): Cursor {
  return statedCursor(current.metadata) ?? readCursor(log.name, log.metadata);
}

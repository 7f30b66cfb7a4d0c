import type { DataFile } from '../iceberg/data-file';
import type { Snapshot } from '../iceberg/metadata';
import type { LakePorts } from '../ports/lake-ports';
import { commit } from './commit';
import { cursorSummary, statedCursor } from './cursor';
import { type LiveFiles, liveFiles } from './live-files';
import { type OpenTable, openTable } from './open';
import { vacuumCountOf } from './vacuum-count';

/** The same rows in other files. */
export interface Replacement {
  /** The table and its files as the replacement was planned from them. */
  readonly base: OpenTable;
  readonly files: LiveFiles;
  /** Data files whose rows the added ones hold, without those that deletes of `files` stand against. */
  readonly replaced: ReadonlySet<string>;
  /** Delete files that speak of replaced files only. */
  readonly spent: readonly string[];
  readonly added: readonly DataFile[];
}

const TRIES = 20;

/**
 * Commits a replacement; the cursor it states is that of the snapshot it is committed on, never its plan's. Commits
 * that came first do not matter as long as every replaced file is still live, under the same deletes (a rollback may
 * have taken one back), and vacuum has not run: then it goes on top of them, or a busy table would never be compacted.
 * Otherwise undefined: what was written waits for vacuum, as after a crash.
 */
export async function replaceFiles(
  ports: LakePorts,
  replacement: Replacement,
): Promise<Snapshot | undefined> {
  const { base, added, replaced, spent } = replacement;
  let open = base;
  for (let i = 0; i < TRIES; i++) {
    const cursor = statedCursor(open.metadata);
    if (!cursor) return undefined;
    const result = await commit(ports, open, {
      operation: 'replace',
      added,
      removed: new Set([...replaced, ...spent]),
      summary: cursorSummary(cursor),
    });
    if (result.committed) return result.snapshot;
    const now = await openTable(ports, base.name);
    if (!now || !(await stillFits(ports, replacement, now))) return undefined;
    open = now;
  }
  return undefined;
}

async function stillFits(
  ports: LakePorts,
  { base, files, replaced }: Replacement,
  now: OpenTable,
): Promise<boolean> {
  if (vacuumCountOf(now.metadata) !== vacuumCountOf(base.metadata)) return false;
  const { data, deletes } = await liveFiles(ports.store, now.metadata);
  const live = new Set(data.map(f => f.file.path));
  const known = new Set(files.deletes.map(f => f.file.path));
  const same = deletes.length === known.size && deletes.every(f => known.has(f.file.path));
  return same && [...replaced].every(path => live.has(path));
}

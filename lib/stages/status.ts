import type { ResolvedLake, ResolvedTable } from '../config/resolved';
import { currentSnapshot } from '../iceberg/metadata';
import { type Entry, entriesAfter } from '../ledger/entries';
import { heldBy, isRetyping, pausedSince } from '../ledger/paused';
import { eachQuarantined } from '../ledger/quarantine';
import type { LakePorts } from '../ports/lake-ports';
import { readCursor, START } from '../table/cursor';
import { openTable } from '../table/open';

/** How a table stands. Rows, files and bytes are those of its newest snapshot. */
export interface TableStatus {
  readonly table: string;
  readonly rows: number;
  readonly files: number;
  readonly bytes: number;
  /** Its newest snapshot. */
  readonly snapshotId?: bigint;
  readonly merged: number;
  readonly waiting: { readonly entries: number; readonly rows: number };
  /** How long the oldest waiting entry has waited since it was numbered, ms; 0 when none waits. */
  readonly lagMs: number;
  /** It waits longer than the table's freshness allows. */
  readonly behind: boolean;
  /** Nothing is merged until somebody resumes the table, or its load is over. */
  readonly paused: boolean;
  /** Paused by the load that its changes wait for: nobody has to resume it. */
  readonly loading: boolean;
  /** Paused by `schema apply`, which casts a column: it ends the pause, or has to be run again. */
  readonly retyping: boolean;
}

export interface LakeStatus {
  readonly tables: readonly TableStatus[];
  /** Files that wait in quarantine, whole or for some rows. */
  readonly quarantined: number;
}

/** Reads the ledger and each table's metadata, no data. */
export async function lakeStatus(ports: LakePorts, lake: ResolvedLake): Promise<LakeStatus> {
  const tables: TableStatus[] = [];
  for (const table of lake.tables) tables.push(await tableStatus(ports, table));
  let quarantined = 0;
  for await (const _ of eachQuarantined(ports.items)) quarantined++;
  return { tables, quarantined };
}

async function tableStatus(ports: LakePorts, table: ResolvedTable): Promise<TableStatus> {
  const open = await openTable(ports, table.name);
  const snapshot = open && currentSnapshot(open.metadata);
  const total = (name: string) => Number(snapshot?.summary[name] ?? 0);
  const { through } = open ? readCursor(table.name, open.metadata) : START;
  let oldest: Entry | undefined;
  const waiting = { entries: 0, rows: 0 };
  for await (const entry of entriesAfter(ports.items, table.name, through)) {
    oldest ??= entry;
    waiting.entries++;
    waiting.rows += entry.rows;
  }
  const lagMs = oldest ? Math.max(0, ports.clock.now() - oldest.at) : 0;
  return {
    table: table.name,
    rows: total('total-records') - total('total-position-deletes'),
    files: total('total-data-files'),
    bytes: total('total-files-size'),
    snapshotId: snapshot?.['snapshot-id'],
    merged: through,
    waiting,
    lagMs,
    behind: lagMs > table.freshnessMs,
    paused: (await pausedSince(ports.items, table.name)) !== undefined,
    loading: (await heldBy(ports.items, table.name)) !== undefined,
    retyping: await isRetyping(ports.items, table.name),
  };
}

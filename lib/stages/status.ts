import type { ResolvedLake, ResolvedTable } from '../config/resolved';
import { currentSnapshot } from '../iceberg/metadata';
import { type Entry, entriesAfter } from '../ledger/entries';
import { pausedSince } from '../ledger/paused';
import { listQuarantined } from '../ledger/quarantine';
import { FILE_ID_CHARS, readReceived } from '../ledger/received';
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
  /** How long the oldest waiting entry has waited, ms; 0 when none waits. */
  readonly lagMs: number;
  /** It waits longer than the table's freshness allows. */
  readonly behind: boolean;
  /** Nothing is merged until somebody resumes the table. */
  readonly paused: boolean;
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
  return { tables, quarantined: (await listQuarantined(ports.items)).length };
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
  const since = oldest && (await takenInAt(ports, oldest));
  const lagMs = since === undefined ? 0 : Math.max(0, ports.clock.now() - since);
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
  };
}

/** When an entry got its number, by the note of its file; after a crash before that note, when the file was received. */
async function takenInAt(ports: LakePorts, entry: Entry): Promise<number | undefined> {
  const received = await readReceived(ports.items, entry.source.slice(0, FILE_ID_CHARS));
  const steps = received?.steps ?? [];
  return (steps.findLast(step => step.what === 'taken-in' && step.first! <= entry.n) ?? steps.at(-1))?.at;
}

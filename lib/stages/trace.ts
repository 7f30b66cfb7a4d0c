import type { ResolvedLake } from '../config/resolved';
import { ancestors, type Snapshot } from '../iceberg/metadata';
import { readEntry } from '../ledger/entries';
import { readQuarantined } from '../ledger/quarantine';
import { eachReceived, type Received, type ReceivedStep } from '../ledger/received';
import type { LakePorts } from '../ports/lake-ports';
import { DATE_BUILT, READ_FROM, readsTable } from '../query/read-from';
import { cursorOf, statesCursor } from '../table/cursor';
import { openTable } from '../table/open';

/** A file's way through the lake, as far as it came. */
export interface Trace {
  readonly object: string;
  readonly identity: string;
  readonly table: string;
  readonly steps: readonly ReceivedStep[];
  /** Why it waits in quarantine, whole or for some rows. */
  readonly waits?: { readonly code: string; readonly reason: string };
  /** The snapshot of the current table that merged its entries. */
  readonly merged?: MergedBy;
  /** What was committed to reports after that. */
  readonly reports: readonly ReportBuilt[];
}

export interface MergedBy {
  readonly snapshotId: bigint;
  readonly at: number;
  /** The snapshot that did it is expired; this is the oldest that is kept. */
  readonly orBefore: boolean;
}

/** A date of a report that was committed with the file's rows among what it read. */
export interface ReportBuilt {
  readonly report: string;
  readonly date: string;
  readonly snapshotId: bigint;
  readonly at: number;
}

/**
 * The ways of all files received under a name (its last parts suffice), in the order they came. A name that came with
 * other bytes is another file.
 */
export async function traceFile(ports: LakePorts, lake: ResolvedLake, name: string): Promise<Trace[]> {
  const found: Received[] = [];
  for await (const received of eachReceived(ports.items)) {
    const { object, identity } = received;
    if (object === name || object.endsWith(`/${name}`) || identity === name) found.push(received);
  }
  found.sort((a, b) => (a.steps[0]?.at ?? 0) - (b.steps[0]?.at ?? 0));
  const traces: Trace[] = [];
  for (const received of found) traces.push(await traceOne(ports, lake, received));
  return traces;
}

async function traceOne(ports: LakePorts, lake: ResolvedLake, received: Received): Promise<Trace> {
  const { object, identity, table, steps } = received;
  const waiting = await readQuarantined(ports.items, identity);
  const waits = waiting && { code: waiting.code, reason: waiting.reason };
  const last = steps.findLast(step => step.what === 'taken-in');
  const merged = last && (await mergedBy(ports, table, last.first! + last.count! - 1));
  const reports = merged ? await reportsSince(ports, lake, table, last.first!, merged.at) : [];
  return { object, identity, table, steps, waits, merged, reports };
}

/** The oldest snapshot on the way to the newest that has entry n in it; undefined when none has. */
async function mergedBy(ports: LakePorts, table: string, n: number): Promise<MergedBy | undefined> {
  const open = await openTable(ports, table);
  if (!open) return undefined;
  let first: Snapshot | undefined;
  let oldest: Snapshot | undefined;
  for (const snapshot of ancestors(open.metadata)) {
    oldest = snapshot;
    if (statesCursor(snapshot) && cursorOf(snapshot).through >= n) first = snapshot;
  }
  if (!first) return undefined;
  const orBefore = first === oldest && first['parent-snapshot-id'] !== undefined;
  return { snapshotId: first['snapshot-id'], at: first['timestamp-ms'], orBefore };
}

/** Dates of reports that read the table since an instant, and are not before the date the entry counts for. */
async function reportsSince(
  ports: LakePorts,
  lake: ResolvedLake,
  table: string,
  n: number,
  since: number,
): Promise<ReportBuilt[]> {
  const built: ReportBuilt[] = [];
  const entry = await readEntry(ports.items, table, n);
  for (const report of lake.reports) {
    const open = await openTable(ports, report.name);
    for (const snapshot of open?.metadata.snapshots ?? []) {
      const { summary, 'timestamp-ms': at, 'snapshot-id': snapshotId } = snapshot;
      const date = summary[DATE_BUILT];
      if (date === undefined || at < since || !readsTable((summary[READ_FROM] ?? '').split(' '), table))
        continue;
      // A report of a table is the fold of what was received up to its date.
      if (report.kind === 'table' && entry && date < entry.dateReceived) continue;
      built.push({ report: report.name, date, snapshotId, at });
    }
  }
  return built;
}

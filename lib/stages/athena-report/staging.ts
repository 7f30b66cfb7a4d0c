import type { DataFile } from '../../iceberg/data-file';
import { formatMetadata, parseMetadata } from '../../iceberg/metadata';
import { listReporting, readSteppedAttempt, type SteppedAttempt } from '../../ledger/stepped-attempts';
import { liveFiles } from '../../table/live-files';
import { emptyReport } from '../report/table';
import { stagingForeign, writtenMissing } from './errors';
import type { AthenaReportPorts } from './ports';

/** An attempt's staging table, in the staging database: of lower case letters, digits and _, as Athena has names. */
export function stagingTable({ report, id }: Pick<SteppedAttempt, 'report' | 'id'>): string {
  return `${report}_${id.toLowerCase().replace(/[^a-z0-9]/g, '_')}`;
}

/**
 * Makes the empty table that an attempt's INSERT goes into, with the report's own columns and field ids, its files
 * below staging: vacuum keeps them while the attempt is open. It is there already when another process of the attempt
 * made it, or a crash came after.
 */
export async function makeStaging(ports: AthenaReportPorts, attempt: SteppedAttempt): Promise<void> {
  const location = ports.store.uri(`staging/${attempt.report}/${attempt.id}`);
  const metadata = emptyReport(ports, attempt.fields!, location);
  await ports.staging.create(stagingTable(attempt), formatMetadata(metadata));
}

/** The files that the attempt's INSERT left; none for no rows. @throws TM_6105, TM_6106 */
export async function stagedFiles(ports: AthenaReportPorts, attempt: SteppedAttempt): Promise<DataFile[]> {
  const { report, date } = attempt;
  const table = stagingTable(attempt);
  const found = await ports.staging.load(table);
  if (!found) throw writtenMissing(report, date, table);
  const metadata = parseMetadata(found.metadata);
  const { data, deletes } = await liveFiles(ports.store, metadata);
  if (metadata.snapshots.length > 1 || deletes.length > 0) throw stagingForeign(report, date, table);
  return data.map(({ file }) => file);
}

/**
 * Takes out the entries of staging tables whose attempt is over: a crash between making one and its end leaves such an
 * entry. Never DROP TABLE, which deletes files that the report owns by now.
 */
export async function forgetStrays(ports: AthenaReportPorts): Promise<string[]> {
  // Listed first: what is made from here on belongs to an attempt that is found open below.
  const tables = await ports.staging.list();
  const open = new Set<string>();
  for (const { report, date } of await listReporting(ports.items)) {
    const standing = await readSteppedAttempt(ports.items, report, date);
    if (standing?.attempt.state === 'open') open.add(stagingTable(standing.attempt));
  }
  const strays = tables.filter(table => !open.has(table));
  for (const table of strays) await ports.staging.forget(table);
  return strays;
}

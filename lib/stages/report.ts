import type { Field } from '../columnar/types';
import type { ResolvedLake, ResolvedReport } from '../config/resolved';
import { currentSchema, formatMetadata } from '../iceberg/metadata';
import { type Attempt, closeAttempt, isOpen, openAttempt } from '../ledger/attempts';
import type { ResultColumn } from '../ports/query-engine';
import { attemptOvertaken } from '../query/errors';
import { firstFields, reportColumns, withReportColumns, writtenFields } from '../query/report-fields';
import { type ReportPorts, type ReportSource, reportSource, writtenSql } from '../query/report-sql';
import { calledAsSource } from '../query/report-table';
import type { ColumnShape } from '../table/columns';
import { commitContended } from '../table/errors';
import { type OpenTable, openTable } from '../table/open';
import { adoptable, replaceDate, type Staged } from './report/adopt';
import { emptyReport } from './report/table';

/** What a run of a report made. `replaced`: whether the date stood before. Bytes as written. */
export interface Reported {
  readonly report: string;
  readonly date: string;
  readonly attempt: string;
  readonly rows: number;
  readonly bytes: number;
  readonly replaced: boolean;
  readonly snapshotId: bigint;
  /** `table@snapshot` of each view read, or `table#entry` for the log read through that entry. */
  readonly readFrom: readonly string[];
}

/** What a report would give, found without running it. */
export interface ReportCheck {
  readonly report: string;
  readonly columns: readonly ColumnShape[];
  readonly readFrom: readonly string[];
  /** The engine's plan, as it prints it. */
  readonly plan: string;
}

const TRIES = 20;

/**
 * Builds one date of a report: the engine writes under staging, footers are checked, then exactly that date's files
 * are replaced in one commit (PROTOCOL.md, R). Other dates keep their files. A crash or failure at any point before
 * the commit leaves files that nothing names, and an attempt in the ledger that says whose they are.
 * @throws TM_60xx for the SQL and what it gives, TM_6013 when another run of the date began meanwhile
 */
export async function runReport(
  ports: ReportPorts,
  lake: ResolvedLake,
  report: ResolvedReport,
  date: string,
): Promise<Reported> {
  const source = await reportSource(ports, lake, report, date);
  const columns = reportColumns(report.name, await ports.query.describe(source));
  const before = await openTable(ports, report.name);
  const attempt = {
    id: ports.ids.fresh(),
    report: report.name,
    date,
    sql: source.sql,
    sequenceNumber: before?.metadata['last-sequence-number'] ?? 0,
    startedAt: ports.clock.now(),
  };
  await openAttempt(ports.items, attempt);
  try {
    const reported = await build(ports, lake, { attempt, report, source, columns });
    await closeAttempt(ports.items, attempt, { state: 'succeeded', snapshotId: String(reported.snapshotId) });
    return reported;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    await closeAttempt(ports.items, attempt, { state: 'failed', error: message });
    throw error;
  }
}

/** Explains a report's SQL without running it: the columns it would have, and the engine's plan. */
export async function checkReport(
  ports: ReportPorts,
  lake: ResolvedLake,
  report: ResolvedReport,
  date: string,
): Promise<ReportCheck> {
  const source = await reportSource(ports, lake, report, date);
  const described: readonly ResultColumn[] = await ports.query.describe(source);
  const columns = reportColumns(report.name, described);
  const open = await openTable(ports, report.name);
  if (open) {
    const metadata = await calledAsSource(ports, lake, { report, open });
    withReportColumns(metadata, report, columns, ports.clock.now());
  }
  const explained = await ports.query.rows({ ...source, sql: `EXPLAIN ${source.sql}` });
  const plan = explained.rows.map(row => String(row.at(-1))).join('\n');
  return { report: report.name, columns, readFrom: source.readFrom, plan };
}

interface Run {
  readonly attempt: Omit<Attempt, 'state'>;
  readonly report: ResolvedReport;
  readonly source: ReportSource;
  readonly columns: readonly ColumnShape[];
}

async function build(ports: ReportPorts, lake: ResolvedLake, run: Run): Promise<Reported> {
  const { report } = run;
  let staged: Staged | undefined;
  for (let i = 0; i < TRIES; i++) {
    const found = await openTable(ports, report.name);
    const open = found && (await withRoom(ports, lake, found, run));
    const fields = open ? currentSchema(open.metadata).fields : firstFields(run.columns);
    const written = writtenFields(fields, run.columns);
    // Another first run, or another engine's ALTER, may have taken the ids meanwhile.
    if (!staged || !sameFields(staged.fields, written)) staged = await stage(ports, run, written, i);
    if (!open) await create(ports, report, fields);
    else {
      const reported = await adopt(ports, run, open, staged);
      if (reported) return reported;
    }
  }
  throw commitContended(report.name, TRIES);
}

async function withRoom(
  ports: ReportPorts,
  lake: ResolvedLake,
  open: OpenTable,
  { report, columns }: Run,
): Promise<OpenTable> {
  const metadata = await calledAsSource(ports, lake, { report, open });
  return { ...open, metadata: withReportColumns(metadata, report, columns, ports.clock.now()) };
}

/**
 * Runs the query. What waits for a commit stands under staging, not below the table's location, where other engines
 * remove what no snapshot names (PROTOCOL.md, I2).
 */
async function stage(ports: ReportPorts, run: Run, fields: readonly Field[], nth: number): Promise<Staged> {
  const { id, report, date } = run.attempt;
  const folder = ports.store.uri(`staging/${report}/${id}${nth === 0 ? '' : `-${nth}`}`);
  const written = writtenSql(run.source, fields, date);
  return { report, date, fields, uris: await ports.query.writeParquet({ ...written, fields, folder }) };
}

/** Undefined when another commit came first. */
async function adopt(
  ports: ReportPorts,
  run: Run,
  open: OpenTable,
  staged: Staged,
): Promise<Reported | undefined> {
  const { attempt } = run;
  const { readFrom } = run.source;
  const added = await adoptable(ports.store, open, staged);
  // Asked after the metadata was read: whoever takes over later finds our commit in its way, or replaces it.
  if (!(await isOpen(ports.items, attempt))) throw attemptOvertaken(attempt.report, attempt.date);
  const result = await replaceDate(ports, open, attempt, { added, readFrom });
  if (!result) return undefined;
  return {
    report: attempt.report,
    date: attempt.date,
    attempt: attempt.id,
    rows: added.reduce((sum, f) => sum + f.recordCount, 0),
    bytes: added.reduce((sum, f) => sum + f.size, 0),
    replaced: result.replaced,
    snapshotId: result.snapshot['snapshot-id'],
    readFrom,
  };
}

/** Refused if another run was first; either way the table is there then. */
async function create(ports: ReportPorts, { name }: ResolvedReport, fields: readonly Field[]): Promise<void> {
  const metadata = emptyReport(ports, fields, ports.store.uri(name));
  await ports.catalog.create(name, formatMetadata(metadata));
}

function sameFields(a: readonly Field[], b: readonly Field[]): boolean {
  return (
    a.length === b.length &&
    a.every((f, i) => f.id === b[i]!.id && f.name === b[i]!.name && f.type === b[i]!.type)
  );
}

import { createHash } from 'node:crypto';
import type { ResolvedLake, ResolvedTable } from '../config/resolved';
import { TidemarkError } from '../errors';
import { readCounter } from '../ledger/counter';
import { listViews, moveView, readView, type StandingView, type ViewNote } from '../ledger/views';
import type { LakePorts } from '../ports/lake-ports';
import type { QueryJobs } from '../ports/query-jobs';
import { historyViewSql } from '../query/athena/history-view';
import { readAthenaLog } from '../query/athena/log';

export interface ViewPorts extends LakePorts {
  readonly jobs: QueryJobs;
  /** The Glue database of the lake's tables, as SQL names it. */
  readonly databases: { readonly lake: string };
}

/**
 * none: the table has no history, or nothing was received. current: the view is as it should be. runs: a query makes
 * it. failed: the last query made nothing, and the next is not due; `error` says why.
 */
export interface ViewState {
  readonly is: 'none' | 'current' | 'runs' | 'failed';
  readonly error?: string;
}

/** Before the second try; each further one waits twice as long. */
const PAUSE_MS = 60_000;
const PAUSE_MS_MAX = 3_600_000;

/**
 * if-new: where the config, or by the ledger's counter the log's columns or the files that lack some, may have changed;
 * that costs a read or two, and the log is read only then. in-any-case: somebody may have dropped the view, or changed it.
 */
export type ViewCheck = 'if-new' | 'in-any-case';

/**
 * Makes `<table>_history` anew if its text would differ from the one it was made with: the log's columns changed, or
 * the files that lack some. It waits for no query: it starts one, or looks at the one that runs, and ends. Call it
 * after each merge, when a query ended, and now and then; twice at once is fine.
 *
 * A crash before the note leaves nothing; after it, a query that the next call starts under the same token. One view
 * query a table runs at a time, as of two the older might end last.
 */
export async function refreshHistoryView(
  ports: ViewPorts,
  table: ResolvedTable,
  check: ViewCheck = 'if-new',
): Promise<ViewState> {
  if (table.key.length === 0) return { is: 'none' };
  const standing = await settled(ports, await readView(ports.items, table.name));
  if (!standing) return { is: 'runs' };
  const config = hashOf(JSON.stringify([ports.databases.lake, table.key]));
  if (check === 'if-new' && (await isAsMade(ports, standing.note, config))) return { is: 'current' };
  const log = await readAthenaLog(ports, table);
  if (!log) return { is: 'none' };
  const sql = historyViewSql(table, log, ports.databases.lake);
  const hash = hashOf(sql);
  const basis = { config, through: log.through };
  const { made, failed } = standing.note;
  if (check === 'if-new' && made === hash) {
    await moveView(ports.items, standing, { ...standing.note, basis });
    return { is: 'current' };
  }
  if (failed?.hash === hash && ports.clock.now() < failed.againAt)
    return { is: 'failed', error: failed.error };
  const open = { token: ports.ids.fresh(), hash, sql, basis };
  const opened = await moveView(ports.items, standing, { ...standing.note, open });
  const launched = opened && (await launch(ports, opened));
  const refused = launched?.note.open ? undefined : launched?.note.failed;
  return refused ? { is: 'failed', error: refused.error } : { is: 'runs' };
}

/** Whether the log has no column, and no file without one, that it had not when the view's text was made. */
async function isAsMade(
  ports: ViewPorts,
  { table, made, basis }: ViewNote,
  config: string,
): Promise<boolean> {
  if (made === undefined || basis?.config !== config) return false;
  const { schemaMoved = 0 } = await readCounter(ports.items, table);
  return schemaMoved <= basis.through;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Makes every table's view anew: what a daily sweep calls, as a statement of this kind costs nothing. @throws the first failure, after all tables had their turn */
export async function refreshHistoryViews(ports: ViewPorts, lake: ResolvedLake): Promise<void> {
  await refreshed(ports, lake.tables, 'in-any-case');
}

/**
 * The views whose query is not known to have ended: what a query's event calls. One read where there are none.
 * @throws the first failure, after all had their turn
 */
export async function continueViews(ports: ViewPorts, lake: ResolvedLake): Promise<void> {
  const open = new Set((await listViews(ports.items)).filter(note => note.open).map(note => note.table));
  const tables = lake.tables.filter(table => open.has(table.name));
  await refreshed(ports, tables);
}

async function refreshed(
  ports: ViewPorts,
  tables: readonly ResolvedTable[],
  check?: ViewCheck,
): Promise<void> {
  const failures: unknown[] = [];
  for (const table of tables) {
    await refreshHistoryView(ports, table, check).catch(error => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}

/** The note without an open query; undefined while one runs, or when another process is at it. */
async function settled(ports: ViewPorts, standing: StandingView): Promise<StandingView | undefined> {
  const { open, ...rest } = standing.note;
  if (!open) return standing;
  if (open.job === undefined) {
    // Whoever noted it died, or is just now starting it: the token makes one query of both.
    const launched = await launch(ports, standing);
    return launched?.note.open ? undefined : launched;
  }
  const job = await ports.jobs.job(open.job);
  if (job?.state === 'queued' || job?.state === 'running') return undefined;
  if (job?.state === 'succeeded')
    return moveView(ports.items, standing, { table: rest.table, made: open.hash, basis: open.basis });
  return failedAs(ports, standing, job?.reason ?? `the query was ${job?.state ?? 'forgotten'}`);
}

/** Starts the open query and notes its id. A statement that the engine refuses outright is a failed one. */
async function launch(ports: ViewPorts, standing: StandingView): Promise<StandingView | undefined> {
  const open = standing.note.open!;
  try {
    const job = await ports.jobs.start(open);
    return await moveView(ports.items, standing, { ...standing.note, open: { ...open, job } });
  } catch (error) {
    if (!(error instanceof TidemarkError && error.code === 'TM_6001')) throw error;
    return failedAs(ports, standing, error.what);
  }
}

/** A query that failed may have made its view all the same: what stands there now is not known. */
function failedAs(
  ports: ViewPorts,
  standing: StandingView,
  error: string,
): Promise<StandingView | undefined> {
  const { open, failed, table } = standing.note;
  const { hash } = open!;
  const tries = failed?.hash === hash ? failed.tries + 1 : 1;
  const againAt = ports.clock.now() + Math.min(PAUSE_MS * 2 ** (tries - 1), PAUSE_MS_MAX);
  return moveView(ports.items, standing, { table, failed: { hash, error, tries, againAt } });
}

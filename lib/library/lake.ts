import type { Quarantined } from '../ledger/quarantine';
import type { ResultColumn, RowStream, Rows, SqlParameter } from '../ports/query-engine';
import type { TableDiff } from '../query/diff';
import type { ReadFrom, TableSummary } from '../query/open';
import type { BuiltReport, OwnTally } from '../runtime/lake';
import type { Compacted } from '../stages/compact/compact';
import type { Ingested } from '../stages/ingest/request';
import type { Rebuilt } from '../stages/rebuild';
import type { ReportCheck } from '../stages/report';
import type { SourceStatus } from '../stages/source-status';
import type { LakeStatus } from '../stages/status';
import type { Trace } from '../stages/trace';
import type { Touch } from '../stages/trace-key';
import type { Vacuumed } from '../stages/vacuum/vacuum';
import type { LakeLoads } from './loads';
import type { LakeRecords } from './records';
import type { LakeSchemas } from './schema';

/** Where the config of a lake is. */
export interface OpenOptions {
  /** Its path. Default: the nearest tidemark.config.* from the lake's folder upwards, else from the working one. */
  readonly config?: string;
}

export interface IngestOptions {
  /** The date the files count for, `YYYY-MM-DD`. Default: the date in each name, else today. */
  readonly date?: string;
  /** The table, where a file's name and folders do not say it. */
  readonly table?: string;
  /** Takes in plain files once more that were taken in before. */
  readonly again?: boolean;
  /** Decodes and checks; writes nothing. */
  readonly dryRun?: boolean;
  /** false: the merge is left to `merge`. Default: true. */
  readonly merge?: boolean;
}

/** What became of a file, and of the merge that came after it. */
export interface FileTaken extends Ingested {
  /** Undefined when nothing waited for a merge, or none was asked for. */
  readonly merged?: OwnTally;
}

export interface QueryOptions {
  /** Bound to $1, $2 ... in their order. */
  readonly params?: readonly SqlParameter[];
  /** What readers saw then: a snapshot id, a date, a time, `5 minutes ago`. */
  readonly asOf?: string;
}

/** A value of a key, or its text. */
export type KeyValue = string | number | bigint | boolean;

/**
 * A lake in a folder, opened by `openLake`: each command as a function. Tables and reports are named as in the config.
 * Every function fails with a TidemarkError where its `code` is in docs/errors.md; a table or report that nobody
 * declared is TM_6002. Answers that come whole are worked out one after the other, however many are asked for at once.
 */
export interface LocalLake extends LakeLoads, LakeRecords, LakeSchemas {
  readonly folder: string;
  readonly configFile: string;

  /**
   * Takes files in one after the other, and merges each: files, folders and patterns, in the order that `tidemark
   * ingest` takes them. A file that cannot be read waits in quarantine (`outcome`, `error`) and the others go on.
   * @throws TM_7004 for a path that names no file, TM_7101; those before it are in, and are `seen` the next time
   */
  ingest(paths: string | readonly string[], options?: IngestOptions): Promise<FileTaken[]>;

  /** Merges what waits, of one table or of all; one tally for each table that had something waiting. */
  merge(table?: string): Promise<OwnTally[]>;

  /** From here on what is taken in waits. False: it was paused before. */
  pause(table: string): Promise<boolean>;
  /** Ends a pause. False: there was none. */
  resume(table: string): Promise<boolean>;

  /** Folds the table's log again into new files; undefined when there is no log. */
  rebuild(table: string): Promise<Rebuilt | undefined>;

  /** Joins small files of one table and its log, or of all, until nothing is worth it. */
  compact(table?: string): Promise<Compacted[]>;

  /** Removes files that no snapshot and no reader needs; most wait for a later run. */
  vacuum(): Promise<Vacuumed>;

  /**
   * Builds one date of a report. Default: today in the lake's time zone.
   * @throws TM_60xx for its SQL and what it gives, TM_7101
   */
  report(report: string, date?: string): Promise<BuiltReport>;

  /** What a report would give, found without running it. */
  checkReport(report: string, date?: string): Promise<ReportCheck>;

  /**
   * One statement of DuckDB's SQL that reads; the answer whole.
   * @throws TM_6001 with the engine's words, TM_6003 to TM_6005 for the point in time
   */
  query(sql: string, options?: QueryOptions): Promise<Rows & ReadFrom>;

  /**
   * The same, row by row as they come. It holds a connection until `batches` is read to its end or left, or the lake
   * is closed, which ends it with an error.
   */
  stream(sql: string, options?: QueryOptions): Promise<RowStream & ReadFrom>;

  /** Every table, view and report that a query can name. */
  tables(): Promise<TableSummary[]>;

  /** Columns and types of a table, its `_deltas` or `_history`, or a report. */
  describe(name: string): Promise<readonly ResultColumn[]>;

  /** Every state of one row, oldest first. The key's values in the key's order; one value alone for one column. */
  history(table: string, key: KeyValue | readonly KeyValue[]): Promise<Rows>;

  /** Rows added, changed and deleted since a point in time (as `asOf`), in key order; `rows` as `stream` says. */
  diff(table: string, since: string): Promise<TableDiff>;

  /** The ways of the files received under a name; its last parts suffice. */
  trace(file: string): Promise<Trace[]>;

  /** Every file that touched one row. */
  traceKey(table: string, key: KeyValue | readonly KeyValue[]): Promise<Touch[]>;

  /** How each table stands, and how many files wait in quarantine. */
  status(): Promise<LakeStatus>;

  /** Where changes come from: when the newest of each source arrived, and what of it waits in quarantine. */
  sources(): Promise<SourceStatus[]>;

  /** What waits in quarantine, and why. */
  quarantine(): Promise<Quarantined[]>;

  /**
   * Takes in again, after the fix, what waits under a quarantine id or a file's name, and merges it.
   * @throws TM_2306 when nothing of that name waits, TM_2308 for a date where only rows wait
   */
  replay(which: string, options?: Pick<IngestOptions, 'date' | 'table' | 'merge'>): Promise<FileTaken[]>;

  /** Ends what streams, and lets go of the folder. */
  close(): Promise<void>;
}

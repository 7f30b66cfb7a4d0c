import type { SteppedAttempt } from '../../ledger/stepped-attempts';
import type { StagingCatalog } from '../../ports/catalog';
import type { LakePorts } from '../../ports/lake-ports';
import type { QueryJobs } from '../../ports/query-jobs';

/** What reports by Athena stand on. No call of theirs waits for a query. */
export interface AthenaReportPorts extends LakePorts {
  readonly jobs: QueryJobs;
  /** Tables that wait to be adopted. */
  readonly staging: StagingCatalog;
  /** The text of a report's SQL file. */
  readonly readSql: (file: string) => Promise<string>;
  /** The Glue databases behind `catalog` and `staging`, as SQL names them. */
  readonly databases: { readonly lake: string; readonly staging: string };
}

/**
 * What a call did. runs: a statement was started, or is running. succeeded, failed: this call closed the attempt.
 * waits: another date of the report is making its table. nothing: there was nothing to do, or another process did it.
 */
export interface ReportProgress {
  readonly did: 'runs' | 'succeeded' | 'failed' | 'waits' | 'nothing';
  /** As it stands now, where the call saw it. */
  readonly attempt?: SteppedAttempt;
  /** Of the query that this call found ended: what Athena asks money for. */
  readonly scannedBytes?: number;
}

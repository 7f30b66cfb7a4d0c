import type { Rows, Statement } from './query-engine';

/** A statement that runs, or ran, on an engine that goes on by itself. */
export interface QueryJob {
  readonly id: string;
  /** The last three are terminal. `cancelled` and `failed` statements may still have written files. */
  readonly state: 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';
  /** The engine's words for a terminal state that is no success. */
  readonly reason?: string;
  /** The engine says that the same statement may succeed later. */
  readonly retryable?: boolean;
  readonly scannedBytes?: number;
}

/**
 * Statements that nobody waits for: they are started and found again (Athena's StartQueryExecution).
 * @throws TM_6001 when the engine refuses a statement outright
 */
export interface QueryJobs {
  /**
   * Starts a statement and gives the job's id. The same token gives the same job, for as long as the engine remembers
   * it; another statement under a known token is an error. Parameters stand in the SQL as `?`, in their order.
   */
  start(order: Statement & { readonly token: string }): Promise<string>;
  /** Undefined when the engine knows no such job (it forgets them after 45 days). */
  job(id: string): Promise<QueryJob | undefined>;
  /** What a succeeded statement gave. */
  rows(id: string): Promise<Rows>;
}

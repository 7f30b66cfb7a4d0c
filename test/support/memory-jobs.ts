import type { Rows, Statement } from '../../lib/ports/query-engine';
import type { QueryJob, QueryJobs } from '../../lib/ports/query-jobs';
import { queryFailed } from '../../lib/query/errors';

/** What a statement gives, and what it does when it lands. Throwing instead is the statement's own failure. */
export interface Execution {
  readonly rows?: Rows;
  readonly land?: () => Promise<void>;
}

/**
 * What becomes of a statement that is not at fault itself. fails-landed: FAILED, after its write landed. lands-late:
 * FAILED, and its write lands some turns later. forgotten: it lands, and the engine knows it no longer.
 */
export type Fate = 'succeeds' | 'fails' | 'fails-landed' | 'lands-late' | 'cancelled' | 'forgotten';

/** Gives way to whatever else runs; a scheduler decides when it comes back. */
export type Turn = () => Promise<void>;

export interface MemoryJobsOptions {
  execute(statement: Statement): Promise<Execution>;
  fate?(statement: Statement): Fate;
  /** How many turns of others a late landing waits; 40 by default. */
  lateTurns?(): number;
  /** Runs a statement's course among others'; without it courses wait for `finish`. */
  spawn?(name: string, course: (turn: Turn) => Promise<void>): void;
}

export interface MemoryJobs extends QueryJobs {
  /** Every statement that was started, once, in order. */
  readonly started: readonly Statement[];
  /** Runs what was started to its end, later landings too. */
  finish(): Promise<void>;
  /** What was started and waits, oldest first, for the caller to run when it likes. */
  takeWaiting(): (() => Promise<void>)[];
}

interface Running {
  job: QueryJob;
  rows?: Rows;
}

/** An engine in memory: it runs statements by a function, each at most once for a token, as late as it is let. */
export function memoryJobs({
  execute,
  fate = () => 'succeeds',
  lateTurns = () => 40,
  spawn,
}: MemoryJobsOptions): MemoryJobs {
  const jobs = new Map<string, Running>();
  const tokens = new Map<string, { readonly id: string; readonly statement: string }>();
  const started: Statement[] = [];
  const waiting: (() => Promise<void>)[] = [];

  const course = async (id: string, statement: Statement, turn: Turn): Promise<void> => {
    const running = jobs.get(id)!;
    const become = (state: QueryJob['state'], reason?: string) => {
      running.job = { id, state, ...(reason === undefined ? {} : { reason }) };
    };
    await turn();
    become('running');
    await turn();
    const ends = fate(statement);
    try {
      const { rows, land } = await execute(statement);
      await turn();
      if (ends === 'fails') return become('failed', 'simulated: it failed');
      if (ends === 'lands-late' || ends === 'cancelled') {
        become(ends === 'cancelled' ? 'cancelled' : 'failed', `simulated: ${ends}`);
        for (let i = lateTurns(); i > 0; i--) await turn();
      }
      await land?.();
      running.rows = rows;
      await turn();
      if (ends === 'succeeds') become('succeeded');
      if (ends === 'fails-landed') become('failed', 'simulated: it failed after it had landed');
      if (ends === 'forgotten') jobs.delete(id);
    } catch (error) {
      become('failed', (error as Error).message);
    }
  };

  return {
    started,
    async start({ token, ...statement }) {
      const text = JSON.stringify([statement.sql, statement.params ?? []]);
      const known = tokens.get(token);
      if (known && known.statement !== text) throw queryFailed('Idempotent parameters do not match');
      if (known) return known.id;
      const id = `job-${tokens.size + 1}`;
      tokens.set(token, { id, statement: text });
      jobs.set(id, { job: { id, state: 'queued' } });
      started.push(statement);
      if (spawn) spawn(id, turn => course(id, statement, turn));
      else waiting.push(() => course(id, statement, async () => {}));
      return id;
    },
    job: async id => jobs.get(id)?.job,
    async rows(id) {
      const running = jobs.get(id);
      if (running?.job.state !== 'succeeded') throw queryFailed(`query ${id} has no rows`);
      return running.rows ?? { columns: [], rows: [] };
    },
    takeWaiting: () => waiting.splice(0),
    async finish() {
      for (let next = waiting.shift(); next; next = waiting.shift()) await next();
    },
  };
}

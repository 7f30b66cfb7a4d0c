import { setTimeout as sleep } from 'node:timers/promises';
import type { Ids } from '../../ports/ids';
import type { QueryEngine, Statement } from '../../ports/query-engine';
import type { QueryJob } from '../../ports/query-jobs';
import { withPlaceholders } from '../../query/athena/placeholders';
import { looksReadOnly } from '../../query/athena/reads-only';
import { describeSql } from '../../query/athena/report-select';
import { queryFailed } from '../../query/errors';
import type { AthenaJobs } from './athena';
import { queryForgotten } from './athena-errors';

export interface AthenaEngineOptions {
  readonly ids: Pick<Ids, 'fresh'>;
  /** Told of every statement that ended, with the bytes it scanned: that is what it cost. */
  readonly onEnd?: (job: QueryJob) => void;
}

/** A person waits: the first looks are quick, and a long query is not asked after more than once in two seconds. */
const LOOK_MS = 100;
const LOOK_MS_MAX = 2000;

/**
 * Athena for someone who waits for the answer: the command line. Functions never do; they go on when the query has
 * ended (QueryJobs). Parameters stand in the SQL as `$1`, `$2` ..., as for every engine.
 */
export function athenaEngine(jobs: AthenaJobs, { ids, onEnd }: AthenaEngineOptions): QueryEngine {
  const run = async (statement: Statement): Promise<string> => {
    const id = await jobs.start({ ...withPlaceholders(statement), token: ids.fresh() });
    const job = await ended(jobs, id);
    onEnd?.(job);
    if (job.state !== 'succeeded') throw queryFailed(job.reason ?? `the query was ${job.state}`);
    return id;
  };
  return {
    rows: async statement => jobs.rows(await run(statement)),
    stream: async statement => jobs.stream(await run(statement)),
    describe: async statement => (await jobs.rows(await run(describeSql(statement)))).columns,
    readsOnly: async ({ sql }) => looksReadOnly(sql),
    close: async () => {},
  };
}

async function ended(jobs: AthenaJobs, id: string): Promise<QueryJob> {
  for (let pause = LOOK_MS; ; pause = Math.min(pause * 1.5, LOOK_MS_MAX)) {
    const job = await jobs.job(id);
    if (!job) throw queryForgotten(id);
    if (job.state !== 'queued' && job.state !== 'running') return job;
    await sleep(pause);
  }
}

import { AthenaClient } from '@aws-sdk/client-athena';
import { athenaJobs } from '../../adapters/aws/athena';
import { athenaEngine } from '../../adapters/aws/athena-engine';
import { clientSettings } from '../../adapters/aws/clients';
import type { QueryEngine } from '../../ports/query-engine';
import type { QueryJob } from '../../ports/query-jobs';
import { parseAsOf } from '../../query/as-of';
import { athenaDiff } from '../../query/athena/diff';
import { openAthenaQuery, typedAthenaQuery } from '../../query/athena/open';
import { diff } from '../../query/diff';
import { history } from '../../query/history';
import { traceKey } from '../../stages/trace-key';
import type { AwsLake } from '../aws';
import type { Lake } from '../lake';

/** Athena for a person: in a workgroup of theirs, with its limit on what a query reads. */
export function athenaIn(
  where: { readonly workgroup: string; readonly database: string },
  ids: AwsLake['ports']['ids'],
  onEnd?: (job: QueryJob) => void,
): QueryEngine {
  return athenaEngine(athenaJobs(new AthenaClient(clientSettings()), where), { ids, onEnd });
}

/** What is asked of the lake by SQL. */
export function querying(
  { config, ports }: AwsLake,
  database: string,
  engine: () => QueryEngine,
): Pick<Lake, 'query' | 'history' | 'traceKey' | 'diff'> {
  const point = (text: string) => parseAsOf(text, ports.clock.now(), config.timezone);
  const typed = () => typedAthenaQuery(ports, config, engine(), database);
  return {
    query: async asOf =>
      openAthenaQuery(ports, config, engine(), {
        database,
        ...(asOf === undefined ? {} : { asOf: point(asOf) }),
      }),
    history: async (table, key) => history(ports, config, await typed(), table, key),
    traceKey: async (table, key) => traceKey(ports, await typed(), table, key),
    diff: async (table, since) => diff(ports, config, athenaDiff(engine(), database), table, point(since)),
  };
}

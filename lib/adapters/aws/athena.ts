import { createHash } from 'node:crypto';
import {
  type AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  type GetQueryResultsCommandOutput,
  type QueryExecution,
  type Row,
  StartQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import type { Cell, ResultColumn, RowStream, Statement } from '../../ports/query-engine';
import type { QueryJob, QueryJobs } from '../../ports/query-jobs';
import { queryFailed } from '../../query/errors';
import { calledAgain, isInvalid } from './athena-calls';
import { cellOf, columnOf } from './athena-cells';
import { withLiterals } from './athena-literals';

/** Athena's queries, and their answers page by page. */
export interface AthenaJobs extends QueryJobs {
  /** What a succeeded statement gave, a page at a time. */
  stream(id: string): Promise<RowStream>;
}

/**
 * Statements on Athena, in a workgroup that says where answers are kept, and seen from a database: names without
 * one are of it. An answer is never reused: reuse does not notice that the data changed.
 */
export function athenaJobs(
  client: Pick<AthenaClient, 'send'>,
  where: { readonly workgroup: string; readonly database: string },
): AthenaJobs {
  return {
    start: order => start(client, where, order),
    async job(id) {
      const found = await execution(client, id);
      return found && jobOf(id, found);
    },
    async rows(id) {
      const { columns, batches } = await streamOf(client, id);
      const rows: (readonly Cell[])[] = [];
      for await (const batch of batches) for (const row of batch) rows.push(row);
      return { columns, rows };
    },
    stream: id => streamOf(client, id),
  };
}

/**
 * An answer that was lost is asked for again under the same token: the query runs once.
 * @throws TM_6001 for a statement that Athena refuses outright, and for another one under a known token
 */
async function start(
  client: Pick<AthenaClient, 'send'>,
  where: { readonly workgroup: string; readonly database: string },
  { token, ...statement }: Statement & { readonly token: string },
): Promise<string> {
  const command = new StartQueryExecutionCommand({
    QueryString: withLiterals(statement),
    // Athena takes 32 to 128 characters.
    ClientRequestToken: createHash('sha256').update(token).digest('hex'),
    WorkGroup: where.workgroup,
    QueryExecutionContext: { Database: where.database },
    ResultReuseConfiguration: { ResultReuseByAgeConfiguration: { Enabled: false } },
  });
  try {
    const started = await calledAgain('StartQueryExecution', `workgroup ${where.workgroup}`, () =>
      client.send(command),
    );
    return started.QueryExecutionId!;
  } catch (error) {
    if (isInvalid(error)) throw queryFailed(error.message, error);
    throw error;
  }
}

async function execution(
  client: Pick<AthenaClient, 'send'>,
  id: string,
): Promise<QueryExecution | undefined> {
  const command = new GetQueryExecutionCommand({ QueryExecutionId: id });
  try {
    return (await calledAgain('GetQueryExecution', `query ${id}`, () => client.send(command))).QueryExecution;
  } catch (error) {
    if (isInvalid(error)) return undefined;
    throw error;
  }
}

const STATES: Readonly<Record<string, QueryJob['state']>> = {
  QUEUED: 'queued',
  RUNNING: 'running',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
};

function jobOf(id: string, { Status, Statistics }: QueryExecution): QueryJob {
  // A state that came after this was written is none of the terminal ones we know: it is looked at again.
  const state = STATES[Status?.State ?? ''] ?? 'running';
  return {
    id,
    state,
    reason: state === 'failed' || state === 'cancelled' ? Status?.StateChangeReason : undefined,
    retryable: Status?.AthenaError?.Retryable,
    scannedBytes: Statistics?.DataScannedInBytes,
  };
}

async function streamOf(client: Pick<AthenaClient, 'send'>, id: string): Promise<RowStream> {
  const first = await page(client, id, undefined);
  const columns = (first.ResultSet?.ResultSetMetadata?.ColumnInfo ?? []).map(columnOf);
  return { columns, batches: batchesOf(client, id, first, columns) };
}

async function* batchesOf(
  client: Pick<AthenaClient, 'send'>,
  id: string,
  first: GetQueryResultsCommandOutput,
  columns: readonly ResultColumn[],
): AsyncGenerator<readonly (readonly Cell[])[]> {
  for (let answer = first; ; answer = await page(client, id, answer.NextToken)) {
    let rows = answer.ResultSet?.Rows ?? [];
    if (answer === first && isHeader(rows[0], columns)) rows = rows.slice(1);
    if (rows.length > 0) yield rows.map(({ Data = [] }) => columns.map((c, i) => cellOf(Data[i] ?? {}, c)));
    if (!answer.NextToken) return;
  }
}

/** SELECTs have their columns' names as the first row of all, most other statements do not. */
function isHeader(row: Row | undefined, columns: readonly ResultColumn[]): boolean {
  return (
    row?.Data?.length === columns.length && columns.every((c, i) => row.Data![i]!.VarCharValue === c.name)
  );
}

const PAGE_ROWS = 1000;

async function page(
  client: Pick<AthenaClient, 'send'>,
  id: string,
  token: string | undefined,
): Promise<GetQueryResultsCommandOutput> {
  const command = new GetQueryResultsCommand({
    QueryExecutionId: id,
    NextToken: token,
    MaxResults: PAGE_ROWS,
  });
  try {
    return await calledAgain('GetQueryResults', `query ${id}`, () => client.send(command));
  } catch (error) {
    if (isInvalid(error)) throw queryFailed(error.message, error);
    throw error;
  }
}

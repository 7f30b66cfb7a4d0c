// What Athena tells of a query: its state, its cost, its rows.
import { invalid } from './errors.mjs';
import { columnInfo, datum } from './values.mjs';

const RESULTS_PAGE_MAX = 1000;

const seconds = millis => (millis === undefined ? undefined : millis / 1000);

/** GetQueryExecution's QueryExecution. */
export function described(query) {
  const { request, statement, group, stats } = query;
  const ended = query.completed ?? Date.now();
  return {
    QueryExecutionId: query.id,
    Query: request.QueryString,
    StatementType: statement.type,
    SubstatementType: statement.sub,
    ResultConfiguration: { OutputLocation: query.file ?? query.output },
    QueryExecutionContext: { Database: query.database, Catalog: 'awsdatacatalog' },
    ExecutionParameters: request.ExecutionParameters,
    WorkGroup: group.Name,
    EngineVersion: group.Configuration.EngineVersion,
    Status: {
      State: query.state,
      StateChangeReason: query.reason,
      SubmissionDateTime: seconds(query.submitted),
      CompletionDateTime: seconds(query.completed),
      AthenaError: query.error,
    },
    Statistics: {
      EngineExecutionTimeInMillis: query.began === undefined ? 0 : ended - query.began,
      QueryQueueTimeInMillis: (query.began ?? ended) - query.submitted,
      TotalExecutionTimeInMillis: ended - query.submitted,
      DataScannedInBytes: stats.scanned ?? 0,
    },
  };
}

/** GetQueryRuntimeStatistics' answer. */
export function runtime({ submitted, completed = Date.now(), stats, result }) {
  return {
    Timeline: { TotalExecutionTimeInMillis: completed - submitted },
    Rows: { InputRows: stats.rowsRead ?? 0, InputBytes: stats.scanned ?? 0, OutputRows: result.rows.length },
  };
}

/** A page of results; the header row of a SELECT counts as a row. */
export function results(query, { MaxResults = RESULTS_PAGE_MAX, NextToken }) {
  if (query.state !== 'SUCCEEDED') throw invalid(`Query has not yet finished. Current state: ${query.state}`);
  if (MaxResults < 1 || MaxResults > RESULTS_PAGE_MAX)
    throw invalid(`MaxResults is more than maximum allowed length ${RESULTS_PAGE_MAX}`);
  const { columns, rows, hasHeader, updateCount } = query.result;
  const header = hasHeader ? [{ Data: columns.map(({ name }) => ({ VarCharValue: name })) }] : [];
  const from = NextToken === undefined ? 0 : Number(Buffer.from(NextToken, 'base64'));
  const data = rows
    .slice(Math.max(0, from - header.length), from + MaxResults - header.length)
    .map(row => ({ Data: row.map((value, index) => datum(value, columns[index])) }));
  const more = from + MaxResults < rows.length + header.length;
  return {
    UpdateCount: updateCount ?? 0,
    NextToken: more ? Buffer.from(String(from + MaxResults)).toString('base64') : undefined,
    ResultSet: {
      Rows: from === 0 ? [...header, ...data] : data,
      ResultSetMetadata: { ColumnInfo: columns.map(columnInfo) },
    },
  };
}

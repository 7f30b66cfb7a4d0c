// What StartQueryExecution refuses of its arguments: an InvalidRequestException, no query is made.
import { rule } from './rule.mjs';

const START = 'https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html';

/** service-limits: "The maximum allowed query string length is 262144 bytes". */
const QUERY_BYTES_MAX = 262_144;

/** Statements that take ExecutionParameters. */
const PARAMETERIZED = new Set(['SELECT', 'INSERT', 'CREATE_TABLE_AS_SELECT', 'UNLOAD']);

/** Rules of { request, statement, group }. */
export const REQUEST_RULES = [
  rule('query.bytes', 'service-limits', ({ request }) =>
    Buffer.byteLength(request.QueryString) > QUERY_BYTES_MAX
      ? `Your query string length is greater than the maximum allowed: ${QUERY_BYTES_MAX}`
      : undefined,
  ),

  rule('token.length', START, ({ request: { ClientRequestToken: token } }) =>
    token !== undefined && (token.length < 32 || token.length > 128)
      ? "Value at 'clientRequestToken' failed to satisfy constraint: Member must have length between 32 and 128"
      : undefined,
  ),

  rule('workgroup.unknown', START, ({ group }) =>
    group === undefined ? 'WorkGroup is not found.' : undefined,
  ),

  rule('workgroup.disabled', 'workgroups-create-update-delete', ({ group }) =>
    group?.State === 'DISABLED' ? `WorkGroup ${group.Name} is disabled.` : undefined,
  ),

  rule('output.missing', 'querying', ({ output }) =>
    output === undefined
      ? 'No output location provided. An output location is required either through the Workgroup result configuration setting or as an API input.'
      : undefined,
  ),

  rule('output.scheme', 'querying', ({ output }) =>
    output !== undefined && !/^s3:\/\/[a-z0-9][a-z0-9.-]{2,62}(\/|$)/.test(output)
      ? 'outputLocation is not a valid S3 path.'
      : undefined,
  ),

  rule('catalog.unknown', START, ({ request: { QueryExecutionContext: context } }) =>
    context?.Catalog !== undefined && context.Catalog.toLowerCase() !== 'awsdatacatalog'
      ? `Catalog ${context.Catalog} was not found`
      : undefined,
  ),

  rule('reuse.off', 'reusing-query-results', ({ request }) =>
    // Ours, not AWS's refusal: AWS says that reuse does not check whether the data changed, and a lake changes always.
    request.ResultReuseConfiguration?.ResultReuseByAgeConfiguration?.Enabled
      ? 'Result reuse gives rows of another state of the lake.'
      : undefined,
  ),

  rule('parameters.statement', 'querying-with-prepared-statements', ({ request, statement }) =>
    request.ExecutionParameters?.length && !PARAMETERIZED.has(statement.sub)
      ? `Execution parameters are not supported for ${statement.sub} statements.`
      : undefined,
  ),

  rule('parameters.empty', START, ({ request }) =>
    request.ExecutionParameters?.some(value => value.length === 0 || value.length > 1024) ||
    request.ExecutionParameters?.length === 0
      ? "Value at 'executionParameters' failed to satisfy constraint: Member must have length between 1 and 1024"
      : undefined,
  ),
];

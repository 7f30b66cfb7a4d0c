// Athena's API over the queries: docs.aws.amazon.com/athena/latest/APIReference
import { described, results, runtime } from './answers.mjs';
import { invalid, tooMany } from './errors.mjs';
import { dueFault, Groups } from './groups.mjs';
import { execute, isTerminal, newQuery } from './queries.mjs';
import { REQUEST_RULES } from './rules/request.mjs';
import { firstRefusal } from './rules/rule.mjs';
import { SYNTAX_RULES } from './rules/syntax.mjs';
import { VERB_RULES } from './rules/verbs.mjs';
import { statementOf } from './statement.mjs';

/** Statements that are the engine's own as they stand. */
const ENGINE_READS = new Set(['SELECT', 'INSERT', 'MERGE', 'UPDATE', 'DELETE']);

/** Thrown to the server: the call is done, its answer is not sent. */
export const LOST = Symbol('the answer is lost');

/** @param {{ trino: import('./trino.mjs').Trino, aws: string }} world */
export function athena(world) {
  const groups = new Groups();
  const queries = new Map();
  const tokens = new Map();
  const found = id => {
    const query = queries.get(id);
    if (query === undefined) throw invalid(`QueryExecution ${id} was not found`);
    return query;
  };
  const start = request => started(request, { world, groups, queries });

  const api = {
    StartQueryExecution: request => once(tokens, request, start),
    GetQueryExecution: ({ QueryExecutionId }) => ({ QueryExecution: described(found(QueryExecutionId)) }),
    BatchGetQueryExecution: ({ QueryExecutionIds }) => ({
      QueryExecutions: QueryExecutionIds.filter(id => queries.has(id)).map(id => described(queries.get(id))),
      UnprocessedQueryExecutionIds: QueryExecutionIds.filter(id => !queries.has(id)).map(
        QueryExecutionId => ({
          QueryExecutionId,
          ErrorCode: 'INVALID_INPUT',
        }),
      ),
    }),
    StopQueryExecution({ QueryExecutionId }) {
      found(QueryExecutionId).stopped = true;
      return {};
    },
    GetQueryResults: request => results(found(request.QueryExecutionId), request),
    GetQueryRuntimeStatistics: ({ QueryExecutionId }) => ({
      QueryRuntimeStatistics: runtime(found(QueryExecutionId)),
    }),
    ListQueryExecutions: ({ WorkGroup = 'primary' }) => ({
      QueryExecutionIds: [...queries.values()]
        .filter(({ group }) => group.Name === WorkGroup)
        .map(({ id }) => id)
        .reverse(),
    }),
    CreateWorkGroup: request => groups.create(request) ?? {},
    UpdateWorkGroup: request => groups.update(request) ?? {},
    DeleteWorkGroup: ({ WorkGroup }) => groups.delete(WorkGroup) ?? {},
    GetWorkGroup({ WorkGroup }) {
      const { Name, Description, State, CreationTime, Configuration } = groups.get(WorkGroup);
      return { WorkGroup: { Name, Description, State, CreationTime, Configuration } };
    },
    ListWorkGroups: () => ({ WorkGroups: groups.names().map(Name => ({ Name })) }),
  };

  return {
    groups,
    /** Athena forgets a query after 45 days. */
    forget: id => queries.delete(id),
    async call(action, request) {
      if (!Object.hasOwn(api, action)) throw invalid(`${action} is not implemented by the stand-in`);
      return api[action](request);
    },
  };
}

/** "This token is listed as not required because AWS SDKs auto-generate it": the same token, the same query. */
async function once(tokens, request, start) {
  const { ClientRequestToken: token, ...rest } = request;
  const parameters = JSON.stringify(Object.entries(rest).sort());
  const known = token === undefined ? undefined : tokens.get(token);
  if (known !== undefined && known.parameters !== parameters)
    throw invalid('Idempotent parameters do not match');
  const starting = known?.starting ?? start(request);
  if (token !== undefined) tokens.set(token, { parameters, starting });
  let query;
  try {
    query = await starting;
  } catch (error) {
    tokens.delete(token);
    throw error;
  }
  if (known === undefined && dueFault(query.group, query.statement.sql, ['lost'])) throw LOST;
  return { QueryExecutionId: query.id };
}

/** Judges and starts a query. @throws what StartQueryExecution refuses */
async function started(request, { world, groups, queries }) {
  const group = groups.find(request.WorkGroup ?? 'primary');
  const output = outputOf(request, group);
  const statement = parsed(request.QueryString ?? '');
  const refusal = firstRefusal(REQUEST_RULES, { request, statement, group, output });
  if (refusal !== undefined) throw invalid(refusal.message);
  const syntax = malformed(statement) ?? (statement.inner && malformed(statement.inner));
  if (syntax !== undefined) throw invalid(syntax.message, 'MALFORMED_QUERY');
  if (dueFault(group, statement.sql, ['refuse'])) throw tooMany();
  const open = [...queries.values()].filter(query => query.group === group && !isTerminal(query));
  if (open.length >= group.settings.queriesMax) throw tooMany();
  const filled = withParameters(statement, request.ExecutionParameters);
  const query = newQuery({ request, statement: filled, group, output });
  queries.set(query.id, query); // counted from here on
  try {
    const engineReads = ENGINE_READS.has(filled.sub) ? filled.sql : filled.query; // of a CTAS, view or UNLOAD
    if (engineReads !== undefined) await world.trino.parse(engineReads, { database: query.database });
  } catch (error) {
    queries.delete(query.id);
    throw invalid(error.message.replace(/^SYNTAX_ERROR: /, ''), 'MALFORMED_QUERY');
  }
  execute(query, world);
  return query;
}

const malformed = statement => firstRefusal([...SYNTAX_RULES, ...VERB_RULES], statement);

function outputOf(request, group) {
  const own = group?.Configuration.ResultConfiguration?.OutputLocation;
  if (group?.Configuration.EnforceWorkGroupConfiguration) return own;
  return request.ResultConfiguration?.OutputLocation ?? own;
}

function parsed(sql) {
  try {
    return statementOf(sql);
  } catch (error) {
    throw invalid(error.message, 'MALFORMED_QUERY');
  }
}

function withParameters(statement, values = []) {
  const marks = statement.tokens.filter(({ text }) => text === '?');
  if (marks.length !== values.length) {
    throw invalid(
      `INVALID_PARAMETER_USAGE: Incorrect number of parameters: expected ${marks.length} but found ${values.length}`,
    );
  }
  if (marks.length === 0) return statement;
  let sql = '';
  let from = 0;
  marks.forEach(({ at, end }, index) => {
    sql += statement.sql.slice(from, at) + values[index];
    from = end;
  });
  return statementOf(sql + statement.sql.slice(from));
}

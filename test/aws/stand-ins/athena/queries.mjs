// One query from QUEUED to its end: judged, translated, run by Trino, told.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from './errors.mjs';
import { emit } from './events.mjs';
import { dueFault } from './groups.mjs';
import { firstRefusal } from './rules/rule.mjs';
import { TABLE_RULES } from './rules/tables.mjs';
import { TYPE_RULES } from './rules/types.mjs';
import { quoted } from './tokens.mjs';
import { translate } from './translate.mjs';
import { datum } from './values.mjs';

const TYPED = new Set(['CREATE_TABLE_AS_SELECT', 'CREATE_VIEW', 'INSERT']);
const TERMINAL = new Set(['SUCCEEDED', 'FAILED', 'CANCELLED']);

/** AthenaError's categories: docs.aws.amazon.com/athena/latest/APIReference/API_AthenaError.html */
const SYSTEM = 1;
const USER = 2;

export const isTerminal = query => TERMINAL.has(query.state);

/**
 * A query that was accepted and has not begun.
 * @param {{ request: object, statement: object, group: object, output: string }} given
 */
export function newQuery({ request, statement, group, output }) {
  return {
    id: randomUUID(), // Athena's own, not the engine's: snapshots carry the engine's
    request,
    statement,
    group,
    output,
    database: request.QueryExecutionContext?.Database?.toLowerCase() ?? 'default',
    state: 'QUEUED',
    submitted: Date.now(),
    sequenceNumber: 0,
    result: { columns: [], rows: [] },
    stats: {},
  };
}

/** Runs a query. Never rejects: what went wrong is the query's state. */
export async function execute(query, { trino, aws }) {
  const { group, statement } = query;
  emit(group, query);
  await pause(group.settings.queuedMillis);
  if (query.stopped) return become(query, 'CANCELLED');
  query.began = Date.now();
  become(query, 'RUNNING');
  const fault = dueFault(group, statement.sql, ['fail', 'failed-but-landed', 'lands-late']);
  try {
    if (fault?.kind === 'fail') throw unlucky();
    if (fault?.kind === 'lands-late') {
      setTimeout(() => perform(query, trino).catch(() => {}), fault.afterMillis ?? 1000);
      throw unlucky();
    }
    await perform(query, trino);
    await pause(group.settings.runningMillis);
    if (fault?.kind === 'failed-but-landed') throw unlucky();
    await leaveResults(query, aws);
    const cutoff = group.Configuration.BytesScannedCutoffPerQuery;
    if (cutoff !== undefined && query.stats.scanned > cutoff) {
      query.reason = 'Bytes scanned limit was exceeded';
      return become(query, 'CANCELLED');
    }
    become(query, query.stopped ? 'CANCELLED' : 'SUCCEEDED');
  } catch (error) {
    fail(query, error);
  }
}

/** A fault of the service, which says that the same statement may succeed. */
const unlucky = () =>
  new Failure('GENERIC_INTERNAL_ERROR: Query failed due to an internal error', { retryable: true });

function fail(query, error) {
  if (query.stopped) return become(query, 'CANCELLED');
  query.reason = error.message;
  query.error = {
    ErrorCategory: error.isUserError ? USER : SYSTEM,
    ErrorType: error.isUserError ? 1006 : 233,
    Retryable: error.retryable ?? false,
    ErrorMessage: error.message,
  };
  become(query, 'FAILED');
}

function become(query, state) {
  const previous = query.state;
  query.state = state;
  if (isTerminal(query)) query.completed = Date.now();
  emit(query.group, query, previous);
}

/** The statement's effect. */
async function perform(query, trino) {
  const { statement, group, database, output, id } = query;
  refuse(TABLE_RULES, { statement, group });
  if (TYPED.has(statement.sub)) await judgeTypes(query, trino);
  const { sql, session, after = [], tolerates, shows } = translate(statement, { database, output, id });
  const options = { database, session, isCancelled: () => query.stopped };
  const tolerant = async text => {
    try {
      return await trino.run(text, options);
    } catch (error) {
      if (!tolerates?.test(error.message)) throw error;
      return { columns: [], rows: [], stats: {} };
    }
  };
  const result = await tolerant(sql);
  for (const more of after) await tolerant(more);
  query.stats = {
    scanned: Number(result.stats.physicalInputBytes ?? 0),
    rowsRead: Number(result.stats.processedRows ?? 0),
  };
  query.result = shown(statement, result, shows);
}

async function judgeTypes({ statement, database }, trino) {
  // What the engine cannot plan it says itself, with the statement's own lines, when the statement runs.
  const columnsOf = query => trino.columnsOf(query, { database }).catch(() => []);
  const columns = await columnsOf(statement.query);
  const table = statement.target?.filter(Boolean).map(quoted).join('.');
  const target = statement.sub === 'INSERT' ? await columnsOf(`SELECT * FROM ${table}`) : [];
  refuse(TYPE_RULES, { statement, columns, target });
}

function refuse(rules, given) {
  const refusal = firstRefusal(rules, given);
  if (refusal !== undefined) throw Object.assign(new Failure(refusal.message), { rule: refusal.rule });
}

/** What GetQueryResults gives: only a SELECT has a header row, a write has a count. */
function shown(statement, { columns, rows, updateType, updateCount }, shows) {
  if (shows === 'partitions') {
    const written = rows.map(row => [row.map((value, index) => `${columns[index].name}=${value}`).join('/')]);
    return { columns: [{ name: 'partition', type: 'varchar' }], rows: written };
  }
  if (updateType !== undefined) {
    const counts = ['INSERT', 'MERGE', 'UPDATE', 'DELETE', 'CREATE_TABLE_AS_SELECT'].includes(statement.sub);
    return {
      columns: counts ? [{ name: 'rows', type: 'bigint' }] : [],
      rows: [],
      updateCount: Number(updateCount ?? 0),
    };
  }
  return { columns, rows, hasHeader: statement.sub === 'SELECT' };
}

/** Athena leaves <id>.csv of a SELECT, <id>.txt of the rest, in the folder of results. */
async function leaveResults(query, aws) {
  const { columns, rows, hasHeader } = query.result;
  query.file = `${query.output.replace(/\/?$/, '/')}${query.id}${hasHeader ? '.csv' : '.txt'}`;
  const quote = value => (value === undefined ? '' : `"${value.replaceAll('"', '""')}"`);
  const header = hasHeader ? [columns.map(({ name }) => quote(name))] : [];
  const cells = rows.map(row => row.map((value, index) => quote(datum(value, columns[index]).VarCharValue)));
  const body = [...header, ...cells].map(line => `${line.join(',')}\n`).join('');
  const answer = await fetch(`${aws}/${encodeURI(query.file.slice('s3://'.length))}`, {
    method: 'PUT',
    body,
  });
  if (!answer.ok) throw new Failure(`Access denied when writing to location: ${query.file}`);
}

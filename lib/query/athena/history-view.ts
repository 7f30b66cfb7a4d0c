import type { ResolvedTable } from '../../config/resolved';
import { historyOf, OP, POS_MAJOR, POS_MINOR, userFields } from '../../table/columns';
import { HISTORY_OWN, historyName } from '../history-sql';
import { quoteName } from '../quote';
import { changesSql, keyFields, namesOf, orderSql } from './changes';
import type { AthenaLog } from './log';

/**
 * SELECT of `<table>_history`: row by row what lib/query/history-sql.ts gives on DuckDB. It always expects partial
 * changes, as the first of them may come when the view stands already.
 * @param where a condition on the log's own columns: a history as it was
 */
export function athenaHistorySql(
  table: ResolvedTable,
  log: AthenaLog,
  database: string,
  where?: string,
): string {
  const user = userFields(log.fields);
  const key = namesOf(keyFields(table, log));
  const columns = user.map(f => `s.${quoteName(f.name)}`).join(', ');
  const state = (name: string) => quoteName(historyName(user, name));
  const next = (column: string) => `lead(${column}) OVER (PARTITION BY ${key} ORDER BY ${orderSql()})`;
  return `WITH ${changesSql(table, log, { database, where, lastKnown: true, partial: true })},
places AS (SELECT *, row_number() OVER (PARTITION BY ${key}, ${POS_MAJOR}, ${POS_MINOR} ORDER BY ${orderSql('DESC')}) AS _tm_nth FROM changes),
followed AS (SELECT *, ${next('_tm_at')} AS _tm_next_at, ${next('_tm_truncates')} AS _tm_next_truncates
  FROM places WHERE _tm_nth = 1)
SELECT ${columns}, s.${OP} AS ${state('op')}, s._tm_at AS ${state('valid_from')},
  CASE WHEN s._tm_next_truncates = s._tm_truncates THEN s._tm_next_at ELSE t._tm_at END AS ${state('valid_to')},
  ${HISTORY_OWN.map(name => `s.${name}`).join(', ')}
FROM followed s LEFT JOIN truncates t ON t.nth = s._tm_truncates + 1`;
}

/**
 * Makes the view, or replaces it. Athena keeps the columns' types with it, so it is made again whenever they change;
 * until then it shows the columns it knows.
 */
export function historyViewSql(table: ResolvedTable, log: AthenaLog, database: string): string {
  const name = `${quoteName(database)}.${quoteName(historyOf(table.name))}`;
  return `CREATE OR REPLACE VIEW ${name} AS\n${athenaHistorySql(table, log, database)}`;
}

import type { ResolvedTable } from '../../config/resolved';
import { DATE_RECEIVED, logTableOf, OP, userFields } from '../../table/columns';
import { quoteName } from '../quote';
import { changesSql, keyFields, namesOf, orderSql } from './changes';
import type { AthenaLog } from './log';

/**
 * SELECT of the table as its changes received up to a date make it: row by row what lib/query/fold-sql.ts gives on
 * DuckDB, in no order. Without deleted rows, the column of `deletedWhen` and the lake's own columns. Without a key every
 * row that was received.
 * @param dateSql SQL of that date; it stands in the text once, so it may be `CAST(? AS DATE)`
 * @param database the Glue database of the log table
 */
export function athenaFoldSql(
  table: ResolvedTable,
  log: AthenaLog,
  dateSql: string,
  database: string,
): string {
  const where = `${DATE_RECEIVED} <= ${dateSql}`;
  const columns = userFields(log.fields).filter(f => f.name !== table.deletedWhen?.column);
  if (table.key.length === 0) {
    const from = `${quoteName(database)}.${quoteName(logTableOf(table.name))}`;
    return `SELECT ${namesOf(columns)} FROM ${from} WHERE ${where}`;
  }
  return `WITH ${changesSql(table, log, { database, where, partial: log.partial })},
latest AS (SELECT *, row_number() OVER (PARTITION BY ${namesOf(keyFields(table, log))} ORDER BY ${orderSql('DESC')}) AS _tm_nth FROM changes)
SELECT ${namesOf(columns)} FROM latest
WHERE _tm_nth = 1 AND ${OP} <> 'D' AND _tm_truncates = (SELECT count(*) FROM truncates)`;
}

import { DATE_RECEIVED, OP, userFields } from '../table/columns';
import { changesSql } from './changes-sql';
import { logSql, orderSql, type SqlLog } from './log-sql';
import { quoteName } from './quote';

/**
 * SELECT of the table as its changes received up to a date make it: exactly lib/change/fold.ts, in SQL. Without
 * deleted rows, the column of `deletedWhen` and the lake's own columns; ordered by key. Without a key every row that was
 * received, in the order of changes.
 * @param date SQL of that date, usually a parameter
 */
export function foldSql(log: SqlLog, date: string): string {
  const received = `${DATE_RECEIVED} <= ${date}`;
  const columns = userFields(log.fields)
    .filter(f => f.id !== log.deletedWhen?.id)
    .map(f => quoteName(f.name));
  if (log.key.length === 0) {
    const names = log.fields.map(f => f.name);
    return `SELECT ${columns.join(', ')} FROM (${logSql(log, names)}) WHERE ${received} ORDER BY ${orderSql()}`;
  }
  const key = log.key.map(f => quoteName(f.name)).join(', ');
  return `WITH ${changesSql(log, { where: received })},
latest AS (SELECT * FROM changes
  QUALIFY row_number() OVER (PARTITION BY ${key} ORDER BY ${orderSql('DESC')}) = 1)
SELECT ${columns.join(', ')} FROM latest
WHERE ${OP} <> 'D' AND _tm_truncates = (SELECT count(*) FROM truncates)
ORDER BY ${key}`;
}

import type { Field } from '../columnar/types';
import {
  ABSENT,
  CHANGED_AT,
  DATE_RECEIVED,
  OP,
  POS_MAJOR,
  POS_MINOR,
  SOURCE,
  userFields,
} from '../table/columns';
import { changesSql } from './changes-sql';
import { orderSql, type SqlLog } from './log-sql';
import { quoteName } from './quote';

/** The lake's own columns that a history shows. */
export const HISTORY_OWN = [POS_MAJOR, POS_MINOR, CHANGED_AT, SOURCE, ABSENT, DATE_RECEIVED];

/** What a history calls a column that says when a state held: as it is, unless the user's columns have the name. */
export function historyName(user: readonly Field[], name: string): string {
  return user.some(f => f.name.toLowerCase() === name) ? `_${name}` : name;
}

/**
 * SELECT of `<table>_history`, a slowly changing dimension of type 2: a row for each state that a key was in, with
 * `op`, `valid_from` and `valid_to` (exclusive; NULL: still so). valid_from is `_changed_at`, else `date_received`.
 * A deleted row stands with op D and its last known values until its key comes back; a TRUNCATE closes every open row
 * and opens none. A name that the user's columns have gets an underscore before it. Of several changes of a key at one position the last is shown (PROTOCOL.md, P1).
 */
export function historySql(log: SqlLog): string {
  const user = userFields(log.fields);
  const key = log.key.map(f => quoteName(f.name)).join(', ');
  const columns = user.map(f => `s.${quoteName(f.name)}`).join(', ');
  const state = (name: string) => quoteName(historyName(user, name));
  return `WITH ${changesSql(log, { lastKnown: true })},
shown AS (SELECT * FROM changes
  QUALIFY row_number() OVER (PARTITION BY ${key}, ${POS_MAJOR}, ${POS_MINOR} ORDER BY ${orderSql('DESC')}) = 1),
followed AS (SELECT *, lead({happened: _tm_at, truncates: _tm_truncates}) OVER (PARTITION BY ${key} ORDER BY ${orderSql()}) AS _tm_next
  FROM shown)
SELECT ${columns}, s.${OP} AS ${state('op')}, s._tm_at AS ${state('valid_from')},
  CASE WHEN s._tm_next IS NOT NULL AND s._tm_next.truncates = s._tm_truncates THEN s._tm_next.happened ELSE t.happened END AS ${state('valid_to')},
  ${HISTORY_OWN.map(name => `s.${name}`).join(', ')}
FROM followed s LEFT JOIN truncates t ON t.nth = s._tm_truncates + 1`;
}

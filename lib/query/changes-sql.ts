import type { Field } from '../columnar/types';
import { CHANGED_AT, DATE_RECEIVED, ENTRY, OP, POS_MAJOR, POS_MINOR, userFields } from '../table/columns';
import { hasTruncates, isPartial, LACKS, logSql, orderSql, type SqlLog } from './log-sql';
import { quoteName } from './quote';
import { ROW_NUMBER } from './scan';

/** When a change happened: by its source, else the day it was received. */
const AT = `coalesce(${CHANGED_AT}, CAST(${DATE_RECEIVED} AS TIMESTAMP))`;

/**
 * The common table expressions, to follow WITH, of a table's changes as a fold goes through them (lib/change/fold.ts):
 * `changes` has a row a change that counts, TRUNCATEs not among them, with
 * - the user's columns as they stand after it: what it says nothing about keeps its value since the last delete or
 *   TRUNCATE; a delete's row holds its key, and with `lastKnown` what was there before;
 * - `_tm_truncates`: how many TRUNCATEs stand before it; `truncates` lists them all.
 * Every window is partitioned by the key (and more), so a filter on key columns reaches the files.
 * @param where a condition on the log's own columns
 */
export function changesSql(log: SqlLog, { where = 'true', lastKnown = false } = {}): string {
  const user = userFields(log.fields);
  const names = log.fields.map(f => f.name);
  const truncates = hasTruncates(log);
  const ctes = [
    `truncates AS (${truncates ? truncatesSql(log, where) : NO_TRUNCATES})`,
    `log AS (${logSql(log, names)})`,
    `counted AS (SELECT *, ${truncates ? BEFORE : '0'} AS _tm_truncates FROM log WHERE ${OP} <> 'T' AND ${where})`,
  ];
  if (isPartial(log)) ctes.push(...filledSql(log, user));
  else ctes.push('filled AS (SELECT * FROM counted)');
  ctes.push(`changes AS (${lastKnown ? lastKnownSql(log, user) : `SELECT *, ${AT} AS _tm_at FROM filled`})`);
  return ctes.join(',\n');
}

/** A position in the order of changes; TRUNCATEs of an entry come first in it. */
const PLACE = `row(${POS_MAJOR}, ${POS_MINOR}, ${ENTRY})`;
const NO_TRUNCATES = 'SELECT NULL AS place, CAST(NULL AS TIMESTAMP) AS happened, 0 AS nth WHERE false';
const BEFORE = `len(list_filter((SELECT coalesce(list(place), []) FROM truncates), t -> t <= ${PLACE}))`;

function truncatesSql(log: SqlLog, where: string): string {
  const names = [OP, POS_MAJOR, POS_MINOR, ENTRY, CHANGED_AT, DATE_RECEIVED, '_source', '_absent'];
  const rows = `SELECT ${PLACE} AS place, ${AT} AS happened FROM (${logSql(log, names)}) WHERE ${OP} = 'T' AND ${where}`;
  return `SELECT place, happened, row_number() OVER (ORDER BY place) AS nth FROM (${rows})`;
}

/**
 * Epochs end with a delete or TRUNCATE. Where `deletedWhen` is declared, a change that lacks its column does not
 * count while its row is deleted (PROTOCOL.md, P6). Then each column takes the last value that was there.
 */
function filledSql({ key, deletedWhen }: SqlLog, user: readonly Field[]): string[] {
  const order = `ORDER BY ${orderSql()} ROWS UNBOUNDED PRECEDING`;
  const byKey = `PARTITION BY ${list(key)}`;
  const byEpoch = `${byKey}, _tm_truncates, _tm_deletes`;
  const isPut = `${OP} <> 'D'`;
  const values = user.map(f => {
    const name = quoteName(f.name);
    if (key.some(k => k.id === f.id)) return name;
    const present = `${isPut} AND NOT list_contains(${LACKS}, ${f.id})`;
    const last = `last_value(CASE WHEN ${present} THEN {v: ${name}} END IGNORE NULLS) OVER w`;
    return `CASE WHEN ${isPut} THEN struct_extract(${last}, 'v') ELSE ${name} END AS ${name}`;
  });
  const others = [...OWN, ENTRY, ROW_NUMBER, '_tm_truncates'].join(', ');
  const epochs = `epochs AS (SELECT *, count(*) FILTER (${OP} = 'D') OVER (${byKey} ${order}) AS _tm_deletes FROM counted)`;
  const filled = (from: string) =>
    `filled AS (SELECT ${[...values, others].join(', ')} FROM ${from} WINDOW w AS (${byEpoch} ${order}))`;
  if (!deletedWhen) return [epochs, filled('epochs')];
  const revives = `${isPut} AND NOT list_contains(${LACKS}, ${deletedWhen.id})`;
  return [
    epochs,
    `alive AS (SELECT *, _tm_deletes > 0 AND ${isPut} AND NOT coalesce(bool_or(${revives})
  OVER (${byEpoch} ${order}), false) AS _tm_unheard FROM epochs)`,
    filled('(SELECT * FROM alive WHERE NOT _tm_unheard)'),
  ];
}

const OWN = [OP, POS_MAJOR, POS_MINOR, CHANGED_AT, '_source', '_absent', DATE_RECEIVED];

/** A delete often comes with its key alone: its row shows what was there before. */
function lastKnownSql({ key }: SqlLog, user: readonly Field[]): string {
  const isKey = (f: Field) => key.some(k => k.id === f.id);
  const values = user.map(f => {
    const name = quoteName(f.name);
    if (isKey(f)) return name;
    const before = `struct_extract(last_value(CASE WHEN ${OP} <> 'D' THEN {v: ${name}} END IGNORE NULLS) OVER w, 'v')`;
    return `CASE WHEN ${OP} = 'D' THEN coalesce(${name}, ${before}) ELSE ${name} END AS ${name}`;
  });
  const others = [...OWN, ENTRY, ROW_NUMBER, '_tm_truncates', `${AT} AS _tm_at`].join(', ');
  return `SELECT ${[...values, others].join(', ')} FROM filled
  WINDOW w AS (PARTITION BY ${list(key)} ORDER BY ${orderSql()} ROWS UNBOUNDED PRECEDING)`;
}

function list(fields: readonly Field[]): string {
  return fields.map(f => quoteName(f.name)).join(', ');
}

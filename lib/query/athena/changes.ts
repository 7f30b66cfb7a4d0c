import type { Field } from '../../columnar/types';
import type { ResolvedTable } from '../../config/resolved';
import {
  ABSENT,
  CHANGED_AT,
  DATE_RECEIVED,
  ENTRY,
  LOG_COLUMNS,
  logTableOf,
  OP,
  POS_MAJOR,
  POS_MINOR,
  userFields,
} from '../../table/columns';
import { quoteName } from '../quote';
import type { AthenaLog } from './log';

/** What a fold or a history goes through. */
export interface ChangesOptions {
  /** The Glue database of the log table. */
  readonly database: string;
  /** A condition on the log's own columns. It stands in the text once, so it may hold a parameter. */
  readonly where?: string;
  /** Deletes show what was there before them. */
  readonly lastKnown?: boolean;
  /** Whether changes may say nothing about some columns. */
  readonly partial: boolean;
}

/** TRUNCATE before D before I and U. */
const RANK = '_tm_rank';

/** The total order of changes (PROTOCOL.md, P1) among rows that are at hand, ascending or descending. */
export function orderSql(direction: 'ASC' | 'DESC' = 'ASC'): string {
  return [POS_MAJOR, POS_MINOR, ENTRY, RANK].map(c => `${c} ${direction}`).join(', ');
}

/**
 * The common table expressions, to follow WITH, of a table's changes as a fold goes through them: what
 * lib/query/changes-sql.ts says to DuckDB, said to Athena over `<table>_deltas`.
 * - `changes` has a row a change that counts, with the user's columns as they stand after it, `_tm_at` (when it
 *   happened) and `_tm_truncates` (how many TRUNCATEs stand before it);
 * - `truncates` lists those, `nth` from 1.
 * Every window is partitioned by the key first, so that a filter on it goes below them all, down to the files.
 */
export function changesSql(table: ResolvedTable, log: AthenaLog, options: ChangesOptions): string {
  const key = keyFields(table, log);
  const ctes = [logSql(table, log, options), truncatesSql(key), COUNTED];
  if (options.partial) ctes.push(...filledSql(table, log, key));
  else ctes.push('filled AS (SELECT * FROM counted)');
  ctes.push(options.lastKnown ? lastKnownSql(log, key) : 'changes AS (SELECT * FROM filled)');
  return ctes.join(',\n');
}

/** The key's fields as the log calls them now, in the key's order. */
export function keyFields(table: ResolvedTable, { fields }: AthenaLog): Field[] {
  return table.key.flatMap(name => fields.filter(f => f.name === name));
}

export function namesOf(fields: readonly Field[]): string {
  return fields.map(f => quoteName(f.name)).join(', ');
}

/** When a change happened: by its source, else the day it was received. */
const AT = `coalesce(${CHANGED_AT}, CAST(${DATE_RECEIVED} AS timestamp(6)))`;

function logSql(table: ResolvedTable, { fields }: AthenaLog, { database, where }: ChangesOptions): string {
  const from = `${quoteName(database)}.${quoteName(logTableOf(table.name))}`;
  return `log AS (SELECT ${namesOf(fields)}, ${AT} AS _tm_at,
    CASE ${OP} WHEN 'T' THEN 1 WHEN 'D' THEN 2 ELSE 3 END AS ${RANK}
  FROM ${from}${where ? ` WHERE ${where}` : ''})`;
}

/** A TRUNCATE has no key: its files are found by their NULLs, so a log without one is not read for it. */
function truncatesSql([first]: readonly Field[]): string {
  const place = `${POS_MAJOR}, ${POS_MINOR}, ${ENTRY}`;
  return `truncates AS (SELECT ${place}, _tm_at, row_number() OVER (ORDER BY ${place}) AS nth
  FROM log WHERE ${OP} = 'T' AND ${quoteName(first!.name)} IS NULL)`;
}

/** TRUNCATEs of an entry come first in it. The list is one row, however many they are: no join by inequality. */
const COUNTED = `counted AS (SELECT log.*, cardinality(filter(_tm_places, _tm_t ->
    _tm_t[1] < ${POS_MAJOR} OR _tm_t[1] = ${POS_MAJOR} AND (_tm_t[2] < ${POS_MINOR} OR _tm_t[2] = ${POS_MINOR} AND _tm_t[3] <= ${ENTRY}))) AS _tm_truncates
  FROM log CROSS JOIN (SELECT coalesce(array_agg(ARRAY[${POS_MAJOR}, ${POS_MINOR}, ${ENTRY}]), ARRAY[]) AS _tm_places FROM truncates)
  WHERE ${OP} <> 'T')`;

const PUT = `${OP} <> 'D'`;

/** What a row counts on beside the user's columns. */
const OWN = [...LOG_COLUMNS.map(c => c.name), '_tm_at', RANK, '_tm_truncates'].join(', ');

/**
 * Epochs end with a delete or TRUNCATE. Where `deletedWhen` is declared, a change that lacks its column does not
 * count while its row is deleted (PROTOCOL.md, P6). Then each column takes the last value that was there.
 */
function filledSql(table: ResolvedTable, log: AthenaLog, key: readonly Field[]): string[] {
  const order = `ORDER BY ${orderSql()} ROWS UNBOUNDED PRECEDING`;
  const byEpoch = `PARTITION BY ${namesOf(key)}, _tm_truncates, _tm_deletes ${order}`;
  const epochs = `epochs AS (SELECT *, count_if(${OP} = 'D') OVER (PARTITION BY ${namesOf(key)} ${order}) AS _tm_deletes,
    coalesce(CAST(json_parse(${ABSENT}) AS array(integer)), ARRAY[]) AS _tm_absent FROM counted)`;
  const values = userFields(log.fields).map(f => {
    const name = quoteName(f.name);
    if (key.some(k => k.id === f.id)) return name;
    const present = `CASE WHEN ${PUT} AND ${says(log, f)} THEN ROW(${name}) END`;
    return `CASE WHEN ${PUT} THEN (last_value(${present}) IGNORE NULLS OVER w)[1] ELSE ${name} END AS ${name}`;
  });
  const filled = (from: string) =>
    `filled AS (SELECT ${[...values, OWN].join(',\n    ')}\n  FROM ${from} WINDOW w AS (${byEpoch}))`;
  const { deletedWhen } = table;
  const rule = deletedWhen && log.fields.find(f => f.name === deletedWhen.column);
  if (!rule) return [epochs, filled('epochs')];
  const revives = `bool_or(${PUT} AND ${says(log, rule)}) OVER (${byEpoch})`;
  return [
    epochs,
    `alive AS (SELECT *, _tm_deletes > 0 AND ${PUT} AND NOT ${revives} AS _tm_unheard FROM epochs)`,
    filled('(SELECT * FROM alive WHERE NOT _tm_unheard)'),
  ];
}

/** Whether a row says anything about a column. */
function says({ lacking }: AthenaLog, { id }: Field): string {
  const file = lacking.get(id);
  return `NOT contains(_tm_absent, ${id})${file ? ` AND NOT ${file}` : ''}`;
}

/** A delete often comes with its key alone: its row shows what was there before. */
function lastKnownSql({ fields }: AthenaLog, key: readonly Field[]): string {
  const values = userFields(fields).map(f => {
    const name = quoteName(f.name);
    if (key.some(k => k.id === f.id)) return name;
    const before = `(last_value(CASE WHEN ${PUT} THEN ROW(${name}) END) IGNORE NULLS OVER w)[1]`;
    return `CASE WHEN ${PUT} THEN ${name} ELSE coalesce(${name}, ${before}) END AS ${name}`;
  });
  return `changes AS (SELECT ${[...values, OWN].join(',\n    ')}
  FROM filled WINDOW w AS (PARTITION BY ${namesOf(key)} ORDER BY ${orderSql()} ROWS UNBOUNDED PRECEDING))`;
}

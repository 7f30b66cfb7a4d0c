import { duckdbType } from '../../columnar/type-map';
import type { Field } from '../../columnar/types';
import type { LoadMark, SplitOrder } from '../../ports/copy-engine';
import {
  ABSENT,
  DATE_RECEIVED,
  ENTRY,
  OP,
  POS_MAJOR,
  POS_MINOR,
  SOURCE,
  userFields,
} from '../../table/columns';
import { quoteName, quoteText } from '../quote';
import { deadSql } from './dead-sql';
import { fieldSql, type Reading, readSql } from './derive-sql';
import { PLACE } from './read-copy';
import { partitionSql } from './transform-sql';

/** What a row of a part is: an insert, or a delete. */
export const OP_COLUMN = OP;

/** The columns by which DuckDB tells partitions apart; they stand in no file. */
export const PARTITION = '_tm_p';

/** SELECT of the log's columns and the partitions' (their names come along), in the order they are to be written. */
export function splitSql(
  order: Pick<SplitOrder, 'fields' | 'key' | 'partitionBy' | 'mark' | 'keysRepeat' | 'dead'>,
  reading: Reading,
  from: string,
): { readonly sql: string; readonly partitions: readonly string[] } {
  const { fields, key, partitionBy, mark } = order;
  const dead = order.dead && deadSql(order.dead, reading);
  const split = partitionBy.flatMap(({ source, transform }) => {
    const sql = partitionSql(transform, source.type, quoteName(source.name));
    return sql === undefined ? [] : [sql];
  });
  if (dead !== undefined) split.push(dead);
  const partitions = split.map((_, i) => `${PARTITION}${i}`);
  const own = userFields(fields);
  const repeats = ordersByPlace(order);
  const sortedBy = [...partitions, ...key.map(f => quoteName(f.name)), ...(repeats ? [PLACE] : [])];
  const columns = own.map(f => fieldSql(f, reading));
  // What all rows share is added after the sort: it would be carried through it.
  let sql = `SELECT ${[...columns, ...(repeats ? [PLACE] : [])].join(', ')} FROM (${readSql(reading, from, repeats)})`;
  if (partitions.length > 0) {
    sql = `SELECT *, ${split.map((p, i) => `${p} AS ${partitions[i]}`).join(', ')} FROM (${sql})`;
  }
  if (partitions.length + key.length > 0) {
    sql = `SELECT * FROM (${sql}) ORDER BY ${sortedBy.map(c => `${c} ASC NULLS FIRST`).join(', ')}`;
  }
  const { absent = [] } = mark;
  const lacks = absent.length === 0 ? 'NULL' : quoteText(JSON.stringify(absent));
  const isDead = dead === undefined ? 'false' : partitions.at(-1);
  const told = { op: `if(${isDead}, 'D', 'I')`, absent: `if(${isDead}, NULL, ${lacks})` };
  const written = fields.map(f =>
    own.includes(f) ? quoteName(f.name) : `${markSql(f, mark, told)} AS ${quoteName(f.name)}`,
  );
  return { sql: `SELECT ${[...written, ...partitions].join(', ')} FROM (${sql})`, partitions };
}

/** Whether the rows' places are asked for, which costs a fifth of the time. */
export function ordersByPlace({ keysRepeat, key }: Pick<SplitOrder, 'key' | 'keysRepeat'>): boolean {
  return keysRepeat === true || key.length === 0;
}

/** One of the log's own columns: a row of a load says all there is to say. */
function markSql(field: Field, mark: LoadMark, { op, absent }: { op: string; absent: string }): string {
  const values: Readonly<Record<string, string>> = {
    [OP]: op,
    [ABSENT]: absent,
    [POS_MAJOR]: String(mark.major),
    [POS_MINOR]: String(mark.minor),
    [ENTRY]: String(mark.entry),
    [SOURCE]: quoteText(mark.source),
    [DATE_RECEIVED]: quoteText(mark.dateReceived),
  };
  return `CAST(${values[field.name] ?? 'NULL'} AS ${duckdbType(field.type)})`;
}

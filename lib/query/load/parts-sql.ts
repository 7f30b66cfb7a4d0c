import type { Field } from '../../columnar/types';
import type { PackOrder, SortColumn } from '../../ports/copy-engine';
import { quoteName, quotePath, quoteText } from '../quote';
import { byId, readByIds } from '../scan';

const COUNT = '_tm_count';

/** SELECT of parts' rows as the table's, in the parts' order. */
export function rowsSql(parts: readonly string[], fields: readonly Field[]): string {
  const columns = fields.map(f => `${byId(f.id)} AS ${quoteName(f.name)}`);
  return `SELECT ${columns.join(', ')} FROM ${readByIds(parts, fields)}`;
}

/** The same by sortBy, then by key. Without a key rows that sort alike stay as the parts have them. */
export function packSql({ parts, fields, sortBy, key }: PackOrder): string {
  const select = rowsSql(parts, fields);
  const sorted = [
    ...sortBy,
    ...key.filter(k => !sortBy.some(s => s.field.id === k.id)).map(field => ({ field })),
  ];
  if (sorted.length === 0) return select;
  const by = sorted.map(({ field, descending }: SortColumn) =>
    descending ? `${byId(field.id)} DESC NULLS LAST` : `${byId(field.id)} ASC NULLS FIRST`,
  );
  // Keys are told apart by now: their rows' places would only make the sort dearer.
  const ties = key.length > 0 ? [] : ['file_index', 'file_row_number'];
  return `${select} ORDER BY ${[...by, ...ties].join(', ')}`;
}

/** SELECT of the keys that several rows have, and how many rows those are. */
function repeatedSql(parts: readonly string[], key: readonly Field[]): string {
  const by = key.map(f => byId(f.id)).join(', ');
  return `SELECT ${by}, count(*) AS ${COUNT} FROM ${readByIds(parts, key)} GROUP BY ${by} HAVING count(*) > 1`;
}

/** SELECT of one row: the number of keys that several rows have, and of those rows. */
export function repeatedCountSql(parts: readonly string[], key: readonly Field[]): string {
  return `SELECT count(*), CAST(coalesce(sum(${COUNT}), 0) AS BIGINT) FROM (${repeatedSql(parts, key)})`;
}

/** SELECT of the first rows whose key others have too: the part's number, the row's, the key as text. */
export function repeatedRowsSql(parts: readonly string[], key: readonly Field[], limit: number): string {
  const texts = key.map(f => `CAST(p.${byId(f.id)} AS VARCHAR)`);
  const by = [...key.map(f => `p.${byId(f.id)}`), 'p.file_index', 'p.file_row_number'];
  const first = `SELECT * FROM (${repeatedSql(parts, key)}) ORDER BY ${key.map(f => byId(f.id)).join(', ')} LIMIT ${limit}`;
  return `SELECT CAST(p.file_index AS BIGINT), p.file_row_number, ${texts.join(', ')} FROM ${readByIds(parts, key)} p SEMI JOIN (${first}) r ON ${sameKey(key, 'p', 'r')} ORDER BY ${by.join(', ')} LIMIT ${limit}`;
}

/** The columns of what `losersSql` selects. */
export const LOST_PART = 'part';
export const LOST_ROW = 'row';

/** SELECT of the rows that lose against a newer one of their key, by part and row. */
export function losersSql(parts: readonly string[], key: readonly Field[], newestBy: Field): string {
  const fields = key.some(f => f.id === newestBy.id) ? key : [...key, newestBy];
  const newest = `p.${byId(newestBy.id)} DESC NULLS LAST, p.file_index DESC, p.file_row_number DESC`;
  const rank = `row_number() OVER (PARTITION BY ${key.map(f => `p.${byId(f.id)}`).join(', ')} ORDER BY ${newest})`;
  const of = `SELECT CAST(p.file_index AS BIGINT) AS ${LOST_PART}, p.file_row_number AS ${LOST_ROW}, ${rank} AS ${COUNT} FROM ${readByIds(parts, fields)} p SEMI JOIN (${repeatedSql(parts, key)}) r ON ${sameKey(key, 'p', 'r')}`;
  return `SELECT ${LOST_PART}, ${LOST_ROW} FROM (${of}) WHERE ${COUNT} > 1 ORDER BY ${LOST_PART}, ${LOST_ROW}`;
}

/** SELECT of the part's rows that do not lose, in their order. */
export function withoutSql(file: string, part: number, losers: string, fields: readonly Field[]): string {
  const columns = fields.map(f => `p.${byId(f.id)} AS ${quoteName(f.name)}`);
  const lost = `SELECT ${LOST_ROW} FROM read_parquet(${quotePath(losers)}, hive_partitioning = false) WHERE ${LOST_PART} = ${part}`;
  return `SELECT ${columns.join(', ')} FROM ${readByIds([file], fields)} p ANTI JOIN (${lost}) l ON p.file_row_number = l.${LOST_ROW} ORDER BY p.file_row_number`;
}

/** A NULL is a key of its own here, as it is for GROUP BY. */
function sameKey(key: readonly Field[], a: string, b: string): string {
  return key.map(f => `${a}.${byId(f.id)} IS NOT DISTINCT FROM ${b}.${byId(f.id)}`).join(' AND ');
}

/** COPY of `losersSql`. */
export function copyLosersSql(sql: string, file: string): string {
  return `COPY (${sql}\n) TO ${quoteText(file)} (FORMAT parquet)`;
}

/** SELECT of how many rows each part loses, those that lose none left out. */
export function lossesSql(losers: string): string {
  return `SELECT ${LOST_PART}, count(*) FROM read_parquet(${quotePath(losers)}, hive_partitioning = false) GROUP BY ${LOST_PART}`;
}

import { duckdbType } from '../../columnar/type-map';
import type { Field } from '../../columnar/types';
import type { PackOrder, PartKeys, SortColumn, WithoutOrder } from '../../ports/copy-engine';
import { quoteName, quotePath, quoteText } from '../quote';
import { byId, readByIds } from '../scan';
import { valueSql } from './value-sql';

const COUNT = '_tm_count';

/** SELECT of parts' rows as the table's, in the parts' order. */
export function rowsSql(parts: readonly string[], fields: readonly Field[]): string {
  const columns = fields.map(f => `p.${byId(f.id)} AS ${quoteName(f.name)}`);
  return `SELECT ${columns.join(', ')} FROM ${readByIds(parts, fields)} p`;
}

/** How the rows of a pack are sorted: by sortBy, then by key. */
export function sortedBy({ sortBy, key }: Pick<PackOrder, 'sortBy' | 'key'>): readonly SortColumn[] {
  return [...sortBy, ...key.filter(k => !sortBy.some(s => s.field.id === k.id)).map(field => ({ field }))];
}

/**
 * The same, sorted. Without a key rows that sort alike stay as the parts have them. A bare name after ORDER BY would be
 * a user's, who may call a column as we call another. @param range as of rangesOf
 */
export function packSql(order: PackOrder, range?: string): string {
  const select = rowsSql(order.parts, order.fields) + (range === undefined ? '' : ` WHERE ${range}`);
  const by = sortedBy(order).map(({ field, descending }) =>
    descending ? `p.${byId(field.id)} DESC NULLS LAST` : `p.${byId(field.id)} ASC NULLS FIRST`,
  );
  if (by.length === 0) return select;
  // Keys are told apart by now: their rows' places would only make the sort dearer.
  const ties = order.key.length > 0 ? [] : ['p.file_index', 'p.file_row_number'];
  return `${select} ORDER BY ${[...by, ...ties].join(', ')}`;
}

/** Rows of which the cuts are guessed. */
const SAMPLE_ROWS = 10_000;

/** SELECT of texts of values that cut the parts' rows into so many ranges of about as many rows each, in order. */
export function cutsSql(parts: readonly string[], field: Field, ranges: number): string {
  const column = byId(field.id);
  const sample = `SELECT ${column} FROM ${readByIds(parts, [field])} USING SAMPLE reservoir(${SAMPLE_ROWS} ROWS) REPEATABLE (1)`;
  const at = Array.from({ length: ranges - 1 }, (_, i) => (i + 1) / ranges);
  const cuts = `SELECT DISTINCT unnest(quantile_disc(${column}, [${at.join(', ')}])) AS cut FROM (${sample})`;
  return `SELECT CAST(cut AS VARCHAR) FROM (${cuts}) WHERE cut IS NOT NULL ORDER BY cut`;
}

/** Conditions that tell the rows between cuts apart, as they follow each other in a pack sorted first by the column. */
export function rangesOf({ field, descending }: SortColumn, cuts: readonly string[]): string[] {
  const column = `p.${byId(field.id)}`;
  const values = cuts.map(text => `CAST(${valueSql('string', text)} AS ${duckdbType(field.type)})`);
  const ranges = [...values, undefined].map((to, i) => {
    const from = values[i - 1];
    const bounds = [
      ...(from === undefined ? [] : [`${column} >= ${from}`]),
      ...(to === undefined ? [] : [`${column} < ${to}`]),
    ];
    if (bounds.length === 0) return 'true';
    return from === undefined ? `(${bounds[0]} OR ${column} IS NULL)` : bounds.join(' AND ');
  });
  return descending ? ranges.reverse() : ranges;
}

/** FROM of the pieces' rows whose key counts, columns by id, with the part's number and the row's. */
function keysSql({ pieces, key, from, to }: PartKeys, fields: readonly Field[] = key): string {
  const columns = fields.map(f => byId(f.id)).join(', ');
  const parts = pieces.map(p => p.part).join(', ');
  const rows = pieces.map(p => p.firstRow).join(', ');
  const place = `[${parts}][CAST(file_index AS BIGINT) + 1] AS ${LOST_PART}, [${rows}][CAST(file_index AS BIGINT) + 1] + file_row_number AS ${LOST_ROW}`;
  const files = pieces.map(p => p.file);
  const first = key[0]!;
  const within = [
    ...(from === undefined ? [] : [`${byId(first.id)} >= ${valueSql(first.type, from)}`]),
    ...(to === undefined ? [] : [`${byId(first.id)} < ${valueSql(first.type, to)}`]),
  ];
  const where = within.length > 0 ? ` WHERE ${within.join(' AND ')}` : '';
  return `(SELECT ${columns}, ${place} FROM ${readByIds(files, fields)}${where})`;
}

/** SELECT of the keys that several rows have, and how many rows those are. */
function repeatedSql(order: PartKeys): string {
  const by = order.key.map(f => byId(f.id)).join(', ');
  return `SELECT ${by}, count(*) AS ${COUNT} FROM ${keysSql(order)} GROUP BY ${by} HAVING count(*) > 1`;
}

/** SELECT of one row: the number of keys that several rows have, and of those rows. */
export function repeatedCountSql(order: PartKeys): string {
  return `SELECT count(*), CAST(coalesce(sum(${COUNT}), 0) AS BIGINT) FROM (${repeatedSql(order)})`;
}

/** SELECT of the first rows whose key others have too: the part's number, the row's, the key as text. */
export function repeatedRowsSql(order: PartKeys, limit: number): string {
  const { key } = order;
  const texts = key.map(f => `CAST(p.${byId(f.id)} AS VARCHAR)`);
  const by = [...key.map(f => `p.${byId(f.id)}`), `p.${LOST_PART}`, `p.${LOST_ROW}`];
  const first = `SELECT * FROM (${repeatedSql(order)}) ORDER BY ${key.map(f => byId(f.id)).join(', ')} LIMIT ${limit}`;
  return `SELECT p.${LOST_PART}, p.${LOST_ROW}, ${texts.join(', ')} FROM ${keysSql(order)} p SEMI JOIN (${first}) r ON ${sameKey(key, 'p', 'r')} ORDER BY ${by.join(', ')} LIMIT ${limit}`;
}

/** The columns of what `losersSql` selects. */
const LOST_PART = 'part';
const LOST_ROW = 'row';

/** SELECT of the rows that lose against a newer one of their key, by part and row. */
export function losersSql(order: PartKeys, newestBy: Field): string {
  const { key } = order;
  const fields = key.some(f => f.id === newestBy.id) ? key : [...key, newestBy];
  const newest = `p.${byId(newestBy.id)} DESC NULLS LAST, p.${LOST_PART} DESC, p.${LOST_ROW} DESC`;
  const rank = `row_number() OVER (PARTITION BY ${key.map(f => `p.${byId(f.id)}`).join(', ')} ORDER BY ${newest})`;
  const of = `SELECT p.${LOST_PART}, p.${LOST_ROW}, ${rank} AS ${COUNT} FROM ${keysSql(order, fields)} p SEMI JOIN (${repeatedSql(order)}) r ON ${sameKey(key, 'p', 'r')}`;
  return `SELECT ${LOST_PART}, ${LOST_ROW} FROM (${of}) WHERE ${COUNT} > 1 ORDER BY ${LOST_PART}, ${LOST_ROW}`;
}

/** SELECT of the part's rows that do not lose, in their order. */
export function withoutSql({ from, part, losers, fields }: WithoutOrder): string {
  const columns = fields.map(f => `p.${byId(f.id)} AS ${quoteName(f.name)}`);
  const lost = `SELECT ${LOST_ROW} FROM ${filesSql(losers)} WHERE ${LOST_PART} = ${part}`;
  return `SELECT ${columns.join(', ')} FROM ${readByIds([from], fields)} p ANTI JOIN (${lost}) l ON p.file_row_number = l.${LOST_ROW} ORDER BY p.file_row_number`;
}

function filesSql(files: readonly string[]): string {
  return `read_parquet([${files.map(quotePath).join(', ')}], hive_partitioning = false)`;
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
  return `SELECT ${LOST_PART}, count(*) FROM ${filesSql([losers])} GROUP BY ${LOST_PART}`;
}

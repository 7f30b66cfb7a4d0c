import type { Field } from '../columnar/types';
import { POS_MAJOR, POS_MINOR } from '../table/columns';
import { quoteName } from './quote';

/** A relation to compare. */
export interface ComparedSide {
  readonly sql: string;
  /** The columns that it has as texts: those stand beside the values, as `textName` calls them. */
  readonly texts: ReadonlySet<string>;
}

const textName = (column: string) => quoteName(`_tm_text_${column}`);

/**
 * SELECT of a relation with columns of texts: each is what the log cast it to, with the text beside it. A text that is no
 * value is NULL.
 * @param casts by column, SELECT of `text` and `value`, each pair any number of times
 */
export function withCasts(
  sql: string,
  columns: readonly Field[],
  texts: readonly string[],
  casts: ReadonlyMap<string, string>,
): string {
  if (texts.length === 0) return sql;
  const selected = columns.map(({ name }) => {
    const i = texts.indexOf(name);
    const column = quoteName(name);
    return i < 0 ? `s.${column}` : `m${i}.value AS ${column}, s.${column} AS ${textName(name)}`;
  });
  const joins = texts.map((name, i) => {
    const cast = `SELECT text, max(value) AS value FROM (${casts.get(name)!}) l WHERE text IS NOT NULL GROUP BY text`;
    return `LEFT JOIN (${cast}) m${i} ON m${i}.text = s.${quoteName(name)}`;
  });
  return `SELECT ${selected.join(', ')} FROM (${sql}) s ${joins.join(' ')}`;
}

/** The text of a value that did not cast, else NULL: what it lost differs from NULL. */
function lostSql({ texts }: ComparedSide, of: string, name: string): string {
  if (!texts.has(name)) return 'CAST(NULL AS varchar)';
  return `CASE WHEN ${of}.${quoteName(name)} IS NULL THEN ${of}.${textName(name)} END`;
}

/** How the rows of two relations are told to be the same. */
export interface RowKey {
  readonly key: readonly Field[];
  /** Whether rows of one key may be several, in a relation that had another key: the newest is the one compared. */
  readonly several: boolean;
}

/**
 * SELECT of the rows that differ between two relations of the same columns, in key order: `added`, `changed` or
 * `deleted`; a text with a 1 for each column that differs; then every column before and after, as texts where it is one.
 * @param before with positions beside the columns where there may be `several`, as `after`
 */
export function diffSql(
  before: ComparedSide,
  after: ComparedSide,
  { key, several }: RowKey,
  columns: readonly Field[],
): string {
  const keys = key.map(f => quoteName(f.name));
  const differs = columns.map(({ name }) => {
    const value = `o.${quoteName(name)} IS DISTINCT FROM n.${quoteName(name)}`;
    if (!before.texts.has(name) && !after.texts.has(name)) return value;
    return `(${value} OR ${lostSql(before, 'o', name)} IS DISTINCT FROM ${lostSql(after, 'n', name)})`;
  });
  const flags = differs.map(condition => `CASE WHEN ${condition} THEN '1' ELSE '0' END`).join(' || ');
  const shown = ({ texts }: ComparedSide, name: string) =>
    texts.has(name) ? textName(name) : quoteName(name);
  const pairs = columns.flatMap(({ name }, i) => [
    `o.${shown(before, name)} AS before_${i}`,
    `n.${shown(after, name)} AS after_${i}`,
  ]);
  const nth = several
    ? `row_number() OVER (PARTITION BY ${keys.join(', ')} ORDER BY ${POS_MAJOR} DESC, ${POS_MINOR} DESC)`
    : '1';
  const numbered = ({ sql }: ComparedSide) => `SELECT r.*, ${nth} AS _tm_nth FROM (${sql}) r`;
  const same = [...keys, ...(several ? ['_tm_nth'] : [])].map(k => `o.${k} = n.${k}`);
  // A NULL number is a side without the row.
  return `SELECT CASE WHEN o._tm_nth IS NULL THEN 'added' WHEN n._tm_nth IS NULL THEN 'deleted' ELSE 'changed' END AS kind,
  ${flags} AS changed, ${pairs.join(', ')}
FROM (${numbered(before)}) o FULL OUTER JOIN (${numbered(after)}) n ON ${same.join(' AND ')}
WHERE o._tm_nth IS NULL OR n._tm_nth IS NULL OR ${differs.join(' OR ')}
ORDER BY ${keys.map(k => `coalesce(o.${k}, n.${k})`).join(', ')}`;
}

export interface CountedColumns {
  readonly columns: readonly Field[];
  /** Those of them that one of the relations has as texts. */
  readonly retyped: readonly Field[];
}

/**
 * SELECT of the rows that one of two relations has more often than the other, by their newest position: how often more
 * `after` has it (below zero: less often), then the columns, then of each retyped one the text that did not cast. What has no key is
 * told apart by its columns alone.
 * @param before with the columns, and positions beside them, as `after`
 */
export function countedDiffSql(
  before: ComparedSide,
  after: ComparedSide,
  { columns, retyped }: CountedColumns,
): string {
  const lost = retyped.map((_, i) => `_tm_lost_${i}`);
  const names = [...columns.map(f => quoteName(f.name)), ...lost].join(', ');
  const rows = (side: ComparedSide, count: number) => {
    const texts = retyped.map(({ name }, i) => `, ${lostSql(side, 'r', name)} AS ${lost[i]}`).join('');
    const own = [...columns.map(f => quoteName(f.name)), POS_MAJOR, POS_MINOR].join(', ');
    return `SELECT ${own}${texts}, ${count} AS _tm_side FROM (${side.sql}) r`;
  };
  return `SELECT CAST(sum(_tm_side) AS BIGINT) AS more, ${names}
FROM (${rows(after, 1)} UNION ALL ${rows(before, -1)})
GROUP BY ${names}
HAVING sum(_tm_side) <> 0
ORDER BY max(${POS_MAJOR}), max(${POS_MINOR})`;
}

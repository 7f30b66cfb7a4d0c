import type { Field } from '../columnar/types';
import { POS_MAJOR, POS_MINOR } from '../table/columns';
import { quoteName } from './quote';

/**
 * SELECT of the rows that differ between two relations of the same columns, in key order: `added`, `changed` or
 * `deleted`; a text with a 1 for each column that differs; then every column before and after.
 */
export function diffSql(
  before: string,
  after: string,
  key: readonly Field[],
  columns: readonly Field[],
): string {
  const names = columns.map(f => quoteName(f.name));
  const keys = key.map(f => quoteName(f.name));
  const differs = names.map(name => `o.${name} IS DISTINCT FROM n.${name}`);
  const flags = differs.map(condition => `CASE WHEN ${condition} THEN '1' ELSE '0' END`).join(' || ');
  const pairs = names.flatMap((name, i) => [`o.${name} AS before_${i}`, `n.${name} AS after_${i}`]);
  // Keys are never NULL, so a NULL key is a side without the row.
  return `SELECT CASE WHEN o.${keys[0]} IS NULL THEN 'added' WHEN n.${keys[0]} IS NULL THEN 'deleted' ELSE 'changed' END AS kind,
  ${flags} AS changed, ${pairs.join(', ')}
FROM (${before}) o FULL OUTER JOIN (${after}) n ON ${keys.map(k => `o.${k} = n.${k}`).join(' AND ')}
WHERE ${differs.join(' OR ')}
ORDER BY ${keys.map(k => `coalesce(o.${k}, n.${k})`).join(', ')}`;
}

/**
 * SELECT of the rows that one of two relations has more often than the other, by their newest position: how often more
 * `after` has it (below zero: less often), then the columns. What has no key is told apart by its columns alone.
 * @param before with the columns, and positions beside them, as `after`
 */
export function countedDiffSql(before: string, after: string, columns: readonly Field[]): string {
  const names = columns.map(f => quoteName(f.name)).join(', ');
  return `SELECT CAST(sum(_tm_side) AS BIGINT) AS more, ${names}
FROM (SELECT *, 1 AS _tm_side FROM (${after}) n UNION ALL SELECT *, -1 AS _tm_side FROM (${before}) o)
GROUP BY ${names}
HAVING sum(_tm_side) <> 0
ORDER BY max(${POS_MAJOR}), max(${POS_MINOR})`;
}

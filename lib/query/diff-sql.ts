import type { Field } from '../columnar/types';
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

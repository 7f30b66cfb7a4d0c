import type { ResolvedTable } from '../../config/resolved';
import type { ColumnShape } from '../../table/columns';
import { aliasInCopy, keyInexact, keyNotInCopy } from './run-errors';
import type { TableCopy } from './source/copy';

/**
 * A copy without the table's key, or with one that no two engines compare alike, is refused before the table has any
 * column of it.
 * @throws TM_2772, TM_2773, TM_2785
 */
export function checkCopy(
  table: ResolvedTable,
  copy: Pick<TableCopy, 'columns'>,
  columns: readonly ColumnShape[],
): void {
  const known = new Set(
    [...(copy.columns ?? []).map(c => c.name), ...Object.keys(table.load.derive)].map(folded),
  );
  for (const [column, names] of Object.entries(table.aliases)) {
    const alias = names.find(name => known.has(folded(name)) && folded(name) !== folded(column));
    if (alias !== undefined && !Object.hasOwn(table.load.derive, column))
      throw aliasInCopy(table.name, column, alias);
  }
  for (const name of table.key) {
    const column = columns.find(c => c.name === name);
    if (!column || (copy.columns && !known.has(folded(name))))
      throw keyNotInCopy(
        table.name,
        name,
        (copy.columns ?? []).map(c => c.name),
      );
    if (column.type === 'float' || column.type === 'double') throw keyInexact(table.name, name, column.type);
  }
}

const folded = (name: string) => name.toLowerCase();

import type { ResolvedTable } from '../../config/resolved';
import type { ColumnShape } from '../../table/columns';
import { keyInexact, keyNotInCopy } from './run-errors';
import type { TableCopy } from './source/copy';

/**
 * A copy without the table's key, or with one that no two engines compare alike, is refused before the table has any
 * column of it.
 * @throws TM_2772, TM_2773
 */
export function checkCopy(
  table: ResolvedTable,
  copy: Pick<TableCopy, 'columns'>,
  columns: readonly ColumnShape[],
): void {
  const known = new Set(
    [...(copy.columns ?? []).map(c => c.name), ...Object.keys(table.load.derive)].map(folded),
  );
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

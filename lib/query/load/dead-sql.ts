import type { DeadRows } from '../../ports/copy-engine';
import { quoteName } from '../quote';
import type { Reading } from './derive-sql';
import { valueSql } from './value-sql';

/**
 * SQL that is true of rows of the copy that the source has deleted. Undefined where the copy has no such column: it says
 * nothing of it.
 */
export function deadSql({ field, value }: DeadRows, { casts, derived }: Reading): string | undefined {
  const name = field.name.toLowerCase();
  if (![...casts, ...derived].some(made => made.name.toLowerCase() === name)) return undefined;
  const column = quoteName(field.name);
  return value === null ? `${column} IS NULL` : `coalesce(${column} = ${valueSql(field.type, value)}, false)`;
}

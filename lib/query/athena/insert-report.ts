import type { Field } from '../../columnar/types';
import { quoteName } from '../quote';
import type { TableName } from './create-report';

/**
 * INSERT INTO of one date of a report, or of the table that it is staged in. Columns are named: those that the SQL no
 * longer selects are NULL, and where new ones stand does not matter.
 */
export function insertReportSql(
  { database, table }: TableName,
  fields: readonly Field[],
  select: string,
): string {
  const names = fields.map(f => quoteName(f.name)).join(', ');
  return `INSERT INTO ${quoteName(database)}.${quoteName(table)} (${names})\n${select}`;
}

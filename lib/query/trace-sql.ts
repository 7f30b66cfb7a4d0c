import type { Field, PrimitiveType } from '../columnar/types';
import { DATE_RECEIVED, ENTRY, logTableOf, OP, POS_MAJOR, POS_MINOR, SOURCE } from '../table/columns';
import { quoteName } from './quote';

/**
 * SELECT of a row's changes in the log, in the order of positions: op, date received, source, entry. The key's values are
 * its parameters, as text.
 * @param key the fields of the table's key
 */
export function traceSql(
  table: string,
  key: readonly Pick<Field, 'name' | 'type'>[],
  typeName: (type: PrimitiveType) => string,
): string {
  const conditions = key.map(
    ({ name, type }, i) => `${quoteName(name)} = CAST($${i + 1} AS ${typeName(type)})`,
  );
  return `SELECT ${OP}, ${DATE_RECEIVED}, ${SOURCE}, ${ENTRY} FROM ${quoteName(logTableOf(table))}
     WHERE ${conditions.join(' AND ')} ORDER BY ${POS_MAJOR}, ${POS_MINOR}`;
}

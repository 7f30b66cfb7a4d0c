import type { PrimitiveType } from '../../columnar/types';

/** Types whose name in Athena's SQL is not Iceberg's. The others (boolean, double, date, decimal(p,s)) are called alike. */
const SQL_NAMES: Partial<Record<PrimitiveType, string>> = {
  int: 'integer',
  long: 'bigint',
  float: 'real',
  string: 'varchar',
  binary: 'varbinary',
  // Athena's timestamps have milliseconds unless they are told otherwise, and Iceberg's tables take microseconds.
  timestamp: 'timestamp(6)',
  timestamptz: 'timestamp(6) with time zone',
};

/** A lake type's name in Athena's SELECTs and casts. Its DDL calls them otherwise (athenaType in type-map.ts). */
export function athenaSqlType(type: PrimitiveType): string {
  return SQL_NAMES[type] ?? type;
}

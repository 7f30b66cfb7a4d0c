import { quoteName, quoteText } from '../quote';
import { REPORT_DATE } from '../report-fields';

/** A table by its Glue names. */
export interface TableName {
  readonly database: string;
  readonly table: string;
}

/**
 * CREATE TABLE AS of a report's first date. Athena refuses it when anything stands at the location, so what a failed
 * one left would stand in the way of a second.
 * @param location as the table's metadata shall state it: no slash at its end
 */
export function createReportSql({ database, table }: TableName, location: string, select: string): string {
  const properties = [
    "table_type = 'ICEBERG'",
    'is_external = false',
    `location = ${quoteText(location)}`,
    "format = 'PARQUET'",
    `partitioning = ARRAY[${quoteText(REPORT_DATE)}]`,
  ];
  return `CREATE TABLE ${quoteName(database)}.${quoteName(table)} WITH (${properties.join(', ')}) AS\n${select}`;
}

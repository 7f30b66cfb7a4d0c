import type { Field } from '../../columnar/types';
import type { Statement } from '../../ports/query-engine';
import { quoteName } from '../quote';
import { REPORT_DATE } from '../report-fields';
import { athenaSqlType } from './types';

/** SELECT of a statement's columns without any row: Athena plans it, and scans nothing. An EXPLAIN names no types. */
export function describeSql(source: Statement): Statement {
  return { ...source, sql: `SELECT * FROM (${source.sql}\n) q LIMIT 0` };
}

/**
 * The SELECT that a report's rows are written from: each column named and cast to the report's type. Athena's own types
 * will not do: now() has a zone and date_parse milliseconds, and no Iceberg table of Athena's takes either.
 * @param source without report_date; parameters are `$1`, `$2` ...
 * @param fields the source's columns, by their names, and report_date
 * @param date `YYYY-MM-DD`
 */
export function reportSelect(source: Statement, fields: readonly Field[], date: string): Required<Statement> {
  const params = source.params ?? [];
  const columns = fields.map(f => {
    const name = quoteName(f.name);
    const value = f.name === REPORT_DATE ? `$${params.length + 1}` : `q.${name}`;
    return `CAST(${value} AS ${athenaSqlType(f.type)}) AS ${name}`;
  });
  return {
    sql: `SELECT ${columns.join(', ')} FROM (${source.sql}\n) q`,
    params: [...params, date],
  };
}

import { quoteName, quoteText } from '../quote';
import { type Made, type Reading, withColumn } from './derive-sql';
import { PLACE } from './read-copy';

/** Which column a row fails at. */
export const FAULT = '_tm_fault';

/**
 * SELECT of PLACE and FAULT of the first row that a column fails on, the first such column. `placed` is SQL of the
 * stored columns with PLACE. Costs several times what reading costs: it runs only after that failed.
 */
export function firstFaultSql({ casts, derived }: Reading, placed: string): string {
  const columns = casts.map(c => `TRY(${c.sql}) AS ${quoteName(c.name)}`);
  const faults = casts.filter(c => c.sql !== quoteName(c.name)).map(whenFails);
  const fault = faults.length > 0 ? `CASE ${faults.join(' ')} END` : 'CAST(NULL AS VARCHAR)';
  const names = new Set(casts.map(c => c.name.toLowerCase()));
  let sql = `SELECT ${[...columns, PLACE, `${fault} AS ${FAULT}`].join(', ')} FROM (${placed})`;
  for (const made of derived) {
    // First the fault: then the name may mean another value.
    sql = `SELECT * REPLACE (coalesce(${FAULT}, CASE ${whenFails(made)} END) AS ${FAULT}) FROM (${sql})`;
    sql = `SELECT ${withColumn(names, { name: made.name, sql: `TRY(${made.sql})` })} FROM (${sql})`;
    names.add(made.name.toLowerCase());
  }
  return `SELECT ${PLACE}, ${FAULT} FROM (${sql}) WHERE ${FAULT} IS NOT NULL ORDER BY ${PLACE} LIMIT 1`;
}

/** TRY gives NULL for an error, and no value's IS NULL is NULL. */
function whenFails({ name, sql }: Made): string {
  return `WHEN TRY((${sql}) IS NULL) IS NULL THEN ${quoteText(name)}`;
}

import { duckdbType } from '../columnar/type-map';
import type { ResolvedLake } from '../config/resolved';
import { currentSchema } from '../iceberg/metadata';
import type { LakePorts } from '../ports/lake-ports';
import type { QueryEngine, Rows } from '../ports/query-engine';
import { historyOf, logTableOf } from '../table/columns';
import { openTable } from '../table/open';
import { keyArity, keyless, tableUnknown } from './errors';
import { openQuery } from './open';
import { quoteName } from './quote';

/**
 * Every state of one row, oldest first, as `<table>_history` holds it.
 * @param key the key's values as text, in the order of the table's key; they are cast to its types
 * @throws TM_6002 for an unknown table, TM_6017 for a key of another length, TM_6020 for a table without a key
 */
export async function history(
  ports: Pick<LakePorts, 'store' | 'items' | 'catalog' | 'clock'>,
  lake: ResolvedLake,
  engine: QueryEngine,
  table: string,
  key: readonly string[],
): Promise<Rows> {
  const declared = lake.tables.find(t => t.name === table);
  const log = declared && (await openTable(ports, logTableOf(table)));
  if (!log) {
    const known = lake.tables.map(t => t.name);
    throw tableUnknown(table, declared ? [] : known);
  }
  if (declared.key.length === 0) throw keyless(table, 'history');
  if (key.length !== declared.key.length) throw keyArity(table, declared.key, key.length);
  const { fields } = currentSchema(log.metadata);
  const conditions = declared.key.map((name, i) => {
    const { type } = fields.find(f => f.name === name)!;
    return `${quoteName(name)} = CAST($${i + 1} AS ${duckdbType(type)})`;
  });
  const query = await openQuery(ports, lake, engine);
  const rows = `${quoteName(historyOf(table))} WHERE ${conditions.join(' AND ')}`;
  const sql = `SELECT * FROM ${rows} ORDER BY _pos_major, _pos_minor`;
  return query.run(sql, key);
}

import { duckdbType } from '../columnar/type-map';
import type { PrimitiveType } from '../columnar/types';
import type { ResolvedLake } from '../config/resolved';
import { currentSchema } from '../iceberg/metadata';
import type { QueryEngine, Rows } from '../ports/query-engine';
import { historyOf } from '../table/columns';
import { openLog } from '../table/renames';
import { keyArity, keyless, tableUnknown } from './errors';
import { type LakeQuery, openQuery, type ReadPorts } from './open';
import { quoteName } from './quote';

/** A lake opened to SQL, and what its engine calls the lake's types in casts. */
export interface TypedQuery {
  readonly query: LakeQuery;
  readonly typeName: (type: PrimitiveType) => string;
}

/** Reads the lake's files by DuckDB. */
export async function typedQuery(
  ports: ReadPorts,
  lake: ResolvedLake,
  engine: QueryEngine,
): Promise<TypedQuery> {
  return { query: await openQuery(ports, lake, engine), typeName: duckdbType };
}

/**
 * Every state of one row, oldest first, as `<table>_history` holds it.
 * @param key the key's values as text, in the order of the table's key; they are cast to its types
 * @throws TM_6002 for an unknown table, TM_6017 for a key of another length, TM_6020 for a table without a key
 */
export async function history(
  ports: ReadPorts,
  lake: ResolvedLake,
  { query, typeName }: TypedQuery,
  table: string,
  key: readonly string[],
): Promise<Rows> {
  const declared = lake.tables.find(t => t.name === table);
  const log = declared && (await openLog(ports, declared));
  if (!log) {
    const known = lake.tables.map(t => t.name);
    throw tableUnknown(table, declared ? [] : known);
  }
  if (declared.key.length === 0) throw keyless(table, 'history');
  if (key.length !== declared.key.length) throw keyArity(table, declared.key, key.length);
  const { fields } = currentSchema(log.metadata);
  const conditions = declared.key.map((name, i) => {
    const { type } = fields.find(f => f.name === name)!;
    return `${quoteName(name)} = CAST($${i + 1} AS ${typeName(type)})`;
  });
  const rows = `${quoteName(historyOf(table))} WHERE ${conditions.join(' AND ')}`;
  const sql = `SELECT * FROM ${rows} ORDER BY _pos_major, _pos_minor`;
  return query.run(sql, key);
}

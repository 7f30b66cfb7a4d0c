import type { Field } from '../../columnar/types';
import { currentSchema, schemaById, type TableMetadata } from '../../iceberg/metadata';
import type { QueryEngine } from '../../ports/query-engine';
import type { DiffEngine, SnapshotRead } from '../diff-sides';
import { quoteName } from '../quote';
import { athenaSqlType } from './types';

/** Two snapshots compared by Athena, which reads each of them whole. */
export function athenaDiff(engine: Pick<QueryEngine, 'stream'>, database: string): DiffEngine {
  return {
    engine,
    async sides({ table, metadata, before, after }) {
      const from = `${quoteName(database)}.${quoteName(table)}`;
      const side = (read: SnapshotRead) => {
        const then = columnsThen(metadata, read);
        if (!read.snapshot) return `SELECT ${then} WHERE false`;
        return `SELECT ${then} FROM ${from} FOR VERSION AS OF ${read.snapshot['snapshot-id']}`;
      };
      return [side(before), side(after)];
    },
    async log({ name, metadata }, fields) {
      const columns = selectSql(currentSchema(metadata).fields, fields);
      return `SELECT ${columns} FROM ${quoteName(database)}.${quoteName(name)}`;
    },
  };
}

/** A snapshot is read with the names of its own schema; by their ids they are what the columns are called now. */
function columnsThen(metadata: TableMetadata, { snapshot, fields }: SnapshotRead): string {
  const id = snapshot?.['schema-id'];
  const then = !snapshot ? [] : id === undefined ? fields : schemaById(metadata, id).fields;
  return selectSql(then, fields);
}

function selectSql(of: readonly Field[], fields: readonly Field[]): string {
  return fields
    .map(f => {
      const then = of.find(field => field.id === f.id);
      const value = then ? quoteName(then.name) : 'NULL';
      return `CAST(${value} AS ${athenaSqlType(f.type)}) AS ${quoteName(f.name)}`;
    })
    .join(', ');
}

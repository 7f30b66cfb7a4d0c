import type { Field } from '../../columnar/types';
import { type Snapshot, schemaById, type TableMetadata } from '../../iceberg/metadata';
import type { QueryEngine } from '../../ports/query-engine';
import type { DiffEngine } from '../diff';
import { quoteName } from '../quote';
import { athenaSqlType } from './types';

/** Two snapshots compared by Athena, which reads each of them whole. */
export function athenaDiff(engine: Pick<QueryEngine, 'stream'>, database: string): DiffEngine {
  return {
    engine,
    async sides({ table, metadata, before, after, columns }) {
      const from = `${quoteName(database)}.${quoteName(table)}`;
      const side = (snapshot: Snapshot | undefined) => {
        const then = columnsThen(metadata, snapshot, columns);
        if (!snapshot) return `SELECT ${then} WHERE false`;
        return `SELECT ${then} FROM ${from} FOR VERSION AS OF ${snapshot['snapshot-id']}`;
      };
      return [side(before), side(after)];
    },
  };
}

/** A snapshot is read with the names of its own schema; by their ids they are what the columns are called now. */
function columnsThen(
  metadata: TableMetadata,
  snapshot: Snapshot | undefined,
  columns: readonly Field[],
): string {
  const id = snapshot?.['schema-id'];
  const fields = !snapshot ? [] : id === undefined ? columns : schemaById(metadata, id).fields;
  return columns
    .map(f => {
      const then = fields.find(field => field.id === f.id);
      const value = then ? quoteName(then.name) : 'NULL';
      return `CAST(${value} AS ${athenaSqlType(f.type)}) AS ${quoteName(f.name)}`;
    })
    .join(', ');
}

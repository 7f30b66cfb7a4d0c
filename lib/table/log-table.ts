import { widens } from '../columnar/kernels';
import type { Field } from '../columnar/types';
import { addColumns, widenColumn, withMetadataLog } from '../iceberg/evolution';
import { currentSchema, formatMetadata, newMetadata, type TableMetadata } from '../iceberg/metadata';
import type { LakePorts } from '../ports/lake-ports';
import {
  type ColumnShape,
  DATE_RECEIVED,
  isReserved,
  LOG_COLUMNS,
  logTableOf,
  ownField,
  userFields,
} from './columns';
import { commitContended, illegalTypeChange, reservedColumn } from './errors';
import { type OpenTable, openTable } from './open';

/** Every table's properties. Locally a gzipped metadata file could not be put if absent under one name (M5). */
export const TABLE_PROPERTIES = {
  'write.metadata.compression-codec': 'none',
  'write.format.default': 'parquet',
};

const TRIES = 20;

/**
 * The log table with at least these columns: made, widened or given new columns where needed, in a commit of its
 * own before any delta needs it. That commit is additive and idempotent: a crash after it leaves columns that
 * nobody fills yet. New ids lie beyond those of both tables: another engine may have added columns to the current one.
 * @throws TM_3008 for a type that cannot change so, TM_3009 for a name of the lake's own
 */
export async function ensureLog(
  ports: LakePorts,
  table: string,
  columns: readonly ColumnShape[],
): Promise<OpenTable> {
  const reserved = columns.find(c => isReserved(c.name));
  if (reserved) throw reservedColumn(table, reserved.name);
  const name = logTableOf(table);
  for (let i = 0; i < TRIES; i++) {
    const open = await openTable(ports, name);
    if (!open) {
      await ports.catalog.create(name, formatMetadata(firstLog(ports, name, columns)));
      continue;
    }
    const now = ports.clock.now();
    const widened = withTypes(open.metadata, table, columns, now);
    const fresh = missingFrom(widened, columns);
    if (widened === open.metadata && fresh.length === 0) return open;
    const current = await openTable(ports, table);
    const taken = Math.max(open.metadata['last-column-id'], current?.metadata['last-column-id'] ?? 0);
    const evolved = withColumns(widened, fresh, taken + 1, now);
    const previous = { uri: open.pointer.uri, updatedMs: open.metadata['last-updated-ms'] };
    const next = withMetadataLog(evolved, previous, now);
    await ports.catalog.swap(name, open.pointer, formatMetadata(next));
  }
  throw commitContended(name, TRIES);
}

function firstLog(ports: LakePorts, name: string, columns: readonly ColumnShape[]): TableMetadata {
  const fields = [...columns, ...LOG_COLUMNS].map((c, i) => ({ id: i + 1, ...c, required: false }));
  return newMetadata({
    uuid: ports.ids.fresh(),
    location: ports.store.uri(name),
    schema: { 'schema-id': 0, fields, identifierFieldIds: [] },
    spec: {
      'spec-id': 0,
      fields: [
        {
          'source-id': ownField(fields, DATE_RECEIVED).id,
          'field-id': 1000,
          name: DATE_RECEIVED,
          transform: 'identity',
        },
      ],
    },
    properties: TABLE_PROPERTIES,
    now: ports.clock.now(),
  });
}

function withTypes(
  metadata: TableMetadata,
  table: string,
  columns: readonly ColumnShape[],
  now: number,
): TableMetadata {
  let evolved = metadata;
  for (const column of columns) {
    const known = currentSchema(evolved).fields.find(f => f.name === column.name);
    if (!known || known.type === column.type || widens(column.type, known.type)) continue;
    if (!widens(known.type, column.type))
      throw illegalTypeChange(table, column.name, known.type, column.type);
    evolved = widenColumn(evolved, known.id, column.type, now);
  }
  return evolved;
}

function missingFrom(metadata: TableMetadata, columns: readonly ColumnShape[]): ColumnShape[] {
  const { fields } = currentSchema(metadata);
  return columns.filter(c => !fields.some(f => f.name === c.name));
}

function withColumns(
  metadata: TableMetadata,
  fresh: readonly ColumnShape[],
  nextId: number,
  now: number,
): TableMetadata {
  const { fields } = currentSchema(metadata);
  const added: Field[] = fresh.map((c, i) => ({ id: nextId + i, ...c, required: false }));
  const last = fields.filter(f => !userFields(fields).includes(f)).map(f => f.id);
  return addColumns(metadata, added, { before: last, now });
}

import { widens } from '../columnar/kernels';
import type { Field } from '../columnar/types';
import type { ResolvedTable } from '../config/resolved';
import { columnRenamed } from '../formats/errors';
import { addColumns, widenColumn, withMetadataLog } from '../iceberg/evolution';
import { currentSchema, formatMetadata, newMetadata, type TableMetadata } from '../iceberg/metadata';
import { readCounter } from '../ledger/counter';
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
import { checkLogKey, isKeylessLog, keyProperty } from './key';
import { type OpenTable, openTable } from './open';
import { type Named, renamed } from './renames';
import { receivedIn } from './retyped';

/** Every table's properties. Locally a gzipped metadata file could not be put if absent under one name (M5). */
export const TABLE_PROPERTIES = {
  'write.metadata.compression-codec': 'none',
  'write.format.default': 'parquet',
};

const TRIES = 20;

/** What the config says of a table's columns as a whole. */
export type Declared = Pick<ResolvedTable, 'key'> &
  Named &
  Partial<Pick<ResolvedTable, 'columns' | 'undeclared'>>;

/**
 * The log table with at least these columns: made, renamed, widened or given new columns where needed, in a commit of
 * its own before any delta needs it. That commit is additive and idempotent: a crash after it leaves columns that
 * nobody fills yet. New ids lie beyond those of both tables: another engine may have added columns to the current one.
 * @throws TM_3008 for a type that cannot change so, TM_3009 for a name of the lake's own, TM_3010 for another key than
 * the log was made for
 */
export async function ensureLog(
  ports: LakePorts,
  of: Declared,
  columns: readonly ColumnShape[],
): Promise<OpenTable> {
  const table = of.name;
  const reserved = columns.find(c => isReserved(c.name));
  if (reserved) throw reservedColumn(table, reserved.name);
  const name = logTableOf(table);
  for (let i = 0; i < TRIES; i++) {
    const open = await openTable(ports, name);
    if (!open) {
      await ports.catalog.create(name, formatMetadata(firstLog(ports, of, columns)));
      continue;
    }
    const now = ports.clock.now();
    const named = renamed(open.metadata, of, now);
    const widened = await withTypesAndKey(ports, of, named, columns);
    checkReceived(table, widened, columns);
    const fresh = missingFrom(widened, columns);
    checkFormer(of, widened, fresh);
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

function firstLog(
  ports: LakePorts,
  table: Pick<ResolvedTable, 'name' | 'key'>,
  columns: readonly ColumnShape[],
): TableMetadata {
  const fields = [...columns, ...LOG_COLUMNS].map((c, i) => ({ id: i + 1, ...c, required: false }));
  return newMetadata({
    uuid: ports.ids.fresh(),
    location: ports.store.uri(logTableOf(table.name)),
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
    properties: { ...TABLE_PROPERTIES, ...keyProperty(table) },
    now: ports.clock.now(),
  });
}

/**
 * The log with the columns' types, under the config's key. Until something is numbered a type or key that was wrong in
 * the config is mended there, so the log is made anew. A writer that still has the wrong config and numbers just then
 * stops the table's merges (TM_4204): nothing of it is read wrongly. Between a config that declares a table and one that
 * does not yet there would be many such writers: there the log stays as it is, and schema apply gives it the key.
 */
async function withTypesAndKey(
  ports: LakePorts,
  table: Declared,
  metadata: TableMetadata,
  columns: readonly ColumnShape[],
): Promise<TableMetadata> {
  try {
    checkLogKey(table, metadata);
    return withTypes(metadata, table.name, columns, ports.clock.now());
  } catch (error) {
    if (table.undeclared || (isKeylessLog(metadata) && table.key.length > 0)) throw error;
    if ((await readCounter(ports.items, table.name)).next > 1) throw error;
    return { ...firstLog(ports, table, columns), 'table-uuid': metadata['table-uuid'] };
  }
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

/** A source's column of such a name would stand among the texts of another, and be nobody's. */
function checkReceived(table: string, metadata: TableMetadata, columns: readonly ColumnShape[]): void {
  const { fields } = currentSchema(metadata);
  const received = receivedIn(fields);
  const taken = columns.find(c => fields.some(f => f.name === c.name && received.has(f.id)));
  if (taken) throw reservedColumn(table, taken.name);
}

/**
 * A config that does not know a column's name of today is older than the one that renamed it: under it the source's
 * column would become another one, and the renamed one be filled no more.
 */
function checkFormer(of: Declared, metadata: TableMetadata, fresh: readonly ColumnShape[]): void {
  const { fields } = currentSchema(metadata);
  for (const { name } of fresh) {
    const formers = metadata.schemas.flatMap(s => s.fields.filter(f => f.name === name).map(f => f.id));
    const now = userFields(fields).find(f => formers.includes(f.id));
    if (now && !isDeclared(of, now.name)) throw columnRenamed(name, now.name, of.name);
  }
}

function isDeclared({ columns = [], aliases = {} }: Declared, name: string): boolean {
  return name in aliases || columns.some(c => c.name === name);
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

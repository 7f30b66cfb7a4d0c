import { widens } from '../columnar/kernels';
import type { Field } from '../columnar/types';
import type { ResolvedTable } from '../config/resolved';
import {
  addColumns,
  ascending,
  keyed,
  renameColumns,
  replaceColumn,
  widenColumn,
} from '../iceberg/evolution';
import {
  currentSchema,
  defaultSpec,
  formatMetadata,
  newMetadata,
  type TableMetadata,
} from '../iceberg/metadata';
import { partitionSpec } from '../iceberg/partition';
import type { LakePorts } from '../ports/lake-ports';
import { currentFields, userFields } from './columns';
import { type Cursor, START } from './cursor';
import { columnTaken } from './errors';
import type { TableState } from './fold-into';
import { checkKey, checkLogKey, isKeyless } from './key';
import type { LiveFiles } from './live-files';
import { TABLE_PROPERTIES } from './log-table';
import { type OpenTable, openTable } from './open';
import { castOf } from './retyped';
import { rowOrder } from './row-order';

/** A current table, with what the log's schema has beyond its own in `metadata`, not yet committed. */
export interface CurrentTable extends OpenTable {
  /** Whether the log has columns beyond the table's: then entries merged so far lack columns it has now. */
  readonly widened: boolean;
}

/**
 * The current table, made empty where there is none yet. New columns and widened types of the log are in its
 * metadata and go with the merge's own commit.
 * @param anew every row is folded again: a table that had no key may get that of its log
 * @throws TM_3010 when the config names another key than the table has
 */
export async function openCurrent(
  ports: LakePorts,
  table: ResolvedTable,
  log: OpenTable,
  anew = false,
): Promise<CurrentTable> {
  checkLogKey(table, log.metadata);
  const open = (await openTable(ports, table.name)) ?? (await createCurrent(ports, table, log));
  const followed = followLog(table.name, open.metadata, log.metadata, table.key, ports.clock.now());
  const metadata = anew ? withKey(table, followed, ports.clock.now()) : followed;
  checkKey(table, metadata);
  const before = new Set(currentSchema(open.metadata).fields.map(f => f.id));
  const widened = currentSchema(metadata).fields.some(f => !before.has(f.id));
  return { ...open, metadata, widened };
}

/** The table as a fold goes on from it, with these files and this cursor. */
export function stateOf(
  table: ResolvedTable,
  { metadata, widened }: CurrentTable,
  files: LiveFiles,
  cursor: Cursor,
): TableState {
  const { fields } = currentSchema(metadata);
  return {
    name: table.name,
    fields,
    key: table.key.map(name => fields.find(f => f.name === name)!),
    spec: defaultSpec(metadata),
    sortOrderId: metadata['default-sort-order-id'],
    files,
    cursor,
    widened: widened && cursor.through > START.through,
    deletedWhen: fields.find(f => f.name === table.deletedWhen?.column)?.id,
  };
}

async function createCurrent(ports: LakePorts, table: ResolvedTable, log: OpenTable): Promise<OpenTable> {
  const logFields = currentSchema(log.metadata).fields;
  const fields = currentFields(logFields, table.key);
  const metadata = newMetadata({
    uuid: ports.ids.fresh(),
    location: ports.store.uri(table.name),
    schema: { 'schema-id': 0, fields, identifierFieldIds: table.key.map(name => idOf(fields, name)) },
    spec: partitionSpec(table.partitionBy, fields),
    sortOrder: {
      'order-id': 1,
      fields: rowOrder(fields, table.key).map(({ id }) => ascending(id)),
    },
    properties: TABLE_PROPERTIES,
    now: ports.clock.now(),
  });
  await ports.catalog.create(table.name, formatMetadata(metadata));
  return (await openTable(ports, table.name))!;
}

function idOf(fields: readonly Field[], name: string): number {
  return fields.find(f => f.name === name)!.id;
}

/**
 * The current table's schema follows the log's: the same ids, new columns, names and widened types in the merge's commit.
 * A retyped column takes the place of the one that it is cast from.
 */
function followLog(
  table: string,
  metadata: TableMetadata,
  log: TableMetadata,
  key: readonly string[],
  now: number,
): TableMetadata {
  const wanted = currentFields(currentSchema(log).fields, key);
  const retyped = wanted.reduce((md, field) => withRetyped(md, field, now), metadata);
  let followed = withNamesOf(table, retyped, log, wanted, now);
  for (const field of wanted) {
    const known = currentSchema(followed).fields.find(f => f.id === field.id);
    if (!known) continue;
    // A type that another engine widened further stays as it is.
    const wider = known.type === field.type || widens(field.type, known.type);
    if (!wider) followed = widenColumn(followed, field.id, field.type, now);
  }
  const { fields } = currentSchema(followed);
  const fresh = wanted.filter(f => !fields.some(known => known.id === f.id));
  const clash = fresh.find(f => fields.some(known => known.name === f.name));
  if (clash) throw columnTaken(table, clash.name, clash.name);
  if (fresh.length === 0) return followed;
  const own = fields.filter(f => !userFields(fields).includes(f)).map(f => f.id);
  return addColumns(followed, fresh, { before: own, now });
}

/** The table by the key that its log was given, and partitioned as declared if it was not at all. */
function withKey({ key, partitionBy }: ResolvedTable, metadata: TableMetadata, now: number): TableMetadata {
  if (key.length === 0 || !isKeyless(metadata)) return metadata;
  const { fields } = currentSchema(metadata);
  const byKey = { key: key.map(name => idOf(fields, name)) };
  if (partitionBy.length === 0 || defaultSpec(metadata).fields.length > 0) return keyed(metadata, byKey, now);
  const spec = partitionSpec(partitionBy, fields, {
    specId: Math.max(...metadata['partition-specs'].map(s => s['spec-id'])) + 1,
    firstFieldId: metadata['last-partition-id'] + 1,
  });
  return keyed(metadata, { ...byKey, spec }, now);
}

/** Whoever commits it has folded the whole log again: the files from before have the texts alone (checkCast). */
function withRetyped(metadata: TableMetadata, field: Field, now: number): TableMetadata {
  const { fields } = currentSchema(metadata);
  const from = castOf(field);
  const stands = fields.some(f => f.id === field.id) || !fields.some(f => f.id === from);
  return from === undefined || stands ? metadata : replaceColumn(metadata, from, field, { now });
}

/** A name that the log had for a column is given up for that of today; any other is another engine's, and stays. */
function withNamesOf(
  table: string,
  metadata: TableMetadata,
  log: TableMetadata,
  wanted: readonly Field[],
  now: number,
): TableMetadata {
  const { fields } = currentSchema(metadata);
  const names = new Map<number, string>();
  for (const { id, name } of wanted) {
    const known = fields.find(f => f.id === id);
    if (!known) continue;
    const ours = namesOf(log, id);
    if (!namesOf(metadata, id).some(one => ours.includes(one))) throw columnTaken(table, name, known.name);
    if (ours.includes(known.name)) names.set(id, name);
  }
  const taken = fields.find(f => !names.has(f.id) && [...names.values()].includes(f.name));
  if (taken) throw columnTaken(table, taken.name, taken.name);
  return renameColumns(metadata, names, now);
}

/**
 * The log with its columns as wide as the table's, in its metadata and not committed: that goes with the next append.
 * Another engine may have widened the table alone, and a key of one width never meets the same key of another.
 */
export function asWideAs(table: TableMetadata, log: OpenTable, now: number): OpenTable {
  const wide = currentSchema(table).fields;
  const metadata = currentSchema(log.metadata).fields.reduce((widened, { id, type }) => {
    const wanted = wide.find(f => f.id === id)?.type ?? type;
    return widens(type, wanted) ? widenColumn(widened, id, wanted, now) : widened;
  }, log.metadata);
  return { ...log, metadata };
}

/** Every name that the id ever had: under none of the log's it is another engine's column. */
function namesOf(metadata: TableMetadata, id: number): string[] {
  return metadata.schemas.flatMap(schema => schema.fields.filter(f => f.id === id).map(f => f.name));
}

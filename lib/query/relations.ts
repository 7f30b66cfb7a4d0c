import type { Field } from '../columnar/types';
import type { ResolvedLake, ResolvedTable } from '../config/resolved';
import { allFields, currentSchema, currentSnapshot, type Snapshot, schemaById } from '../iceberg/metadata';
import { entriesAfter } from '../ledger/entries';
import type { LakePorts } from '../ports/lake-ports';
import { currentFields, historyOf, logTableOf, userFields } from '../table/columns';
import { readCursor } from '../table/cursor';
import { checkLogKey } from '../table/key';
import { liveFiles } from '../table/live-files';
import { type OpenTable, openTable } from '../table/open';
import { openLog } from '../table/renames';
import { type AsOf, named, type SnapshotAt, snapshotAt } from './as-of';
import { historySql } from './history-sql';
import { filesByLack, type SqlLog } from './log-sql';
import { emptySql, scanSql } from './scan';

export type RelationKind = 'table' | 'deltas' | 'history' | 'report' | 'foreign';

/** What a name of the lake means, and of which table. */
export interface RelationName {
  readonly name: string;
  readonly kind: RelationKind;
  readonly table?: ResolvedTable;
}

/** A name as SQL; `snapshot` is what it is read from. */
export interface Relation extends RelationName {
  readonly sql: string;
  readonly snapshot?: SnapshotAt;
}

type ReadPorts = Pick<LakePorts, 'store' | 'items' | 'catalog' | 'clock'>;

/** Every name that SQL may use; which of them hold something is found when they are asked for. */
export async function relationNames(ports: ReadPorts, lake: ResolvedLake): Promise<RelationName[]> {
  const names: RelationName[] = lake.tables.flatMap(table => [
    { name: table.name, kind: 'table' as const, table },
    { name: logTableOf(table.name), kind: 'deltas' as const, table },
    ...(table.key.length > 0 ? [{ name: historyOf(table.name), kind: 'history' as const, table }] : []),
  ]);
  for (const { name } of lake.reports) names.push({ name, kind: 'report' });
  const known = new Set(names.map(n => n.name));
  for (const name of await ports.catalog.list()) if (!known.has(name)) names.push({ name, kind: 'foreign' });
  return names;
}

/** Undefined while nothing stands behind the name. */
export async function relation(
  ports: ReadPorts,
  asked: RelationName,
  asOf?: AsOf,
): Promise<Relation | undefined> {
  if (asked.kind === 'history') return historyRelation(ports, asked, asked.table!, asOf);
  const open = await openTable(ports, asked.name);
  if (!open) return asked.kind === 'table' ? unmergedRelation(ports, asked, asked.table!) : undefined;
  const snapshot = standing(open, asOf);
  const fields = lastOwn(fieldsOf(open, snapshot, asOf));
  const files = snapshot ? await liveFiles(ports.store, open.metadata, snapshot) : { data: [], deletes: [] };
  return {
    ...asked,
    sql: scanSql(files, fields, { known: allFields(open.metadata) }),
    snapshot: snapshot && named(open.name, snapshot, instant(ports, asOf)),
  };
}

/** Taken in and not merged yet: the table is there, and empty. */
async function unmergedRelation(
  ports: ReadPorts,
  asked: RelationName,
  table: ResolvedTable,
): Promise<Relation | undefined> {
  const log = await openLog(ports, table);
  if (!log) return undefined;
  const fields = currentFields(currentSchema(log.metadata).fields, table.key);
  return { ...asked, sql: emptySql(fields) };
}

async function historyRelation(
  ports: ReadPorts,
  asked: RelationName,
  table: ResolvedTable,
  asOf: AsOf | undefined,
): Promise<Relation | undefined> {
  const current = await openTable(ports, table.name);
  const snapshot = current && standing(current, asOf);
  const log = await readLog(ports, table, snapshot);
  if (!log) return undefined;
  return {
    ...asked,
    sql: historySql(log),
    snapshot: snapshot && named(table.name, snapshot, instant(ports, asOf)),
  };
}

/**
 * The log as far as it is merged into the current table: through the cursor of the snapshot given, or of the newest
 * one. Undefined before anything was received.
 * @throws TM_3010 when its changes stand under another key than the config's
 */
export async function readLog(
  ports: ReadPorts,
  table: ResolvedTable,
  snapshot?: Snapshot,
): Promise<(SqlLog & { through: number }) | undefined> {
  // The table first, as the log is never behind it: a merge between the two would name entries that the log lacks.
  const current = await openTable(ports, table.name);
  const open = await openLog(ports, table);
  if (!open) return undefined;
  checkLogKey(table, open.metadata);
  const through = current ? readCursor(table.name, current.metadata, snapshot?.['snapshot-id']).through : 0;
  const { fields } = currentSchema(open.metadata);
  const files = await liveFiles(ports.store, open.metadata);
  const beyond: string[] = [];
  for await (const { name } of entriesAfter(ports.items, table.name, through)) beyond.push(name);
  return {
    fields,
    key: table.key.flatMap(name => fields.filter(f => f.name === name)),
    deletedWhen: fields.find(f => f.name === table.deletedWhen?.column),
    files: await filesByLack(ports.store, files, fields),
    beyond,
    through,
  };
}

/** A time travel shows the columns as they were called then; without one, as they are called now. */
function fieldsOf(
  { metadata }: OpenTable,
  snapshot: Snapshot | undefined,
  asOf: AsOf | undefined,
): readonly Field[] {
  const id = asOf && snapshot?.['schema-id'];
  return (id === undefined ? currentSchema(metadata) : schemaById(metadata, id)).fields;
}

/** The lake's own columns stand last, whatever another engine added after them. */
function lastOwn(fields: readonly Field[]): Field[] {
  const user = userFields(fields);
  return [...user, ...fields.filter(f => !user.includes(f))];
}

function standing(open: OpenTable, asOf: AsOf | undefined): Snapshot | undefined {
  return asOf ? snapshotAt(open.name, open.metadata, asOf) : currentSnapshot(open.metadata);
}

function instant(ports: ReadPorts, asOf: AsOf | undefined): number | undefined {
  if (!asOf) return ports.clock.now();
  return 'at' in asOf ? asOf.at : undefined;
}

import type { Field } from '../../columnar/types';
import type { ResolvedLake } from '../../config/resolved';
import { currentSchema, currentSnapshot, schemaById } from '../../iceberg/metadata';
import type { QueryEngine } from '../../ports/query-engine';
import { currentFields, ENTRY, userFields } from '../../table/columns';
import { readCursor } from '../../table/cursor';
import { openTable } from '../../table/open';
import { openLog } from '../../table/renames';
import { type AsOf, named, type SnapshotAt, snapshotAt } from '../as-of';
import { tableUnknown, writesRefused } from '../errors';
import type { TypedQuery } from '../history';
import { existing, type LakeQuery, namedIn, pinned, type ReadFrom, type ReadPorts, summary } from '../open';
import { quoteName } from '../quote';
import { type RelationName, relationNames } from '../relations';
import { athenaHistorySql } from './history-view';
import { readAthenaLog } from './log';
import { athenaSqlType } from './types';
import { takesWith, withRelations } from './with-relations';

/** Where Athena finds the lake, and the point in time to read it at. */
export interface AthenaQueryOptions {
  /** The Glue database of the lake's tables. */
  readonly database: string;
  readonly asOf?: AsOf;
}

/** A name of the lake as a SELECT that Athena runs, and what it is read from. */
interface Relation {
  readonly sql: string;
  readonly snapshot?: SnapshotAt;
}

/**
 * Opens the lake to SQL on Athena, under the names and with the columns that `openQuery` gives: each name that a
 * statement uses becomes a WITH of it, in which the point in time, the columns' order and a history's end stand. A
 * statement that takes no WITH (SHOW, EXPLAIN) reads the newest tables as the database has them.
 * @throws TM_6004 for a snapshot id that no table has
 */
export async function openAthenaQuery(
  ports: ReadPorts,
  lake: ResolvedLake,
  engine: QueryEngine,
  { database, asOf }: AthenaQueryOptions,
): Promise<LakeQuery> {
  const names = await relationNames(ports, lake);
  const asked = asOf && (await pinned(ports, names, asOf));

  const found = async (sql: string): Promise<Map<string, Relation>> => {
    const relations = new Map<string, Relation>();
    for (const name of namedIn(sql, names)) {
      const relation = await relationOf(ports, name, database, asked?.(name));
      if (relation) relations.set(name.name, relation);
    }
    return relations;
  };
  const prepared = async (sql: string) => {
    if (!(await engine.readsOnly({ sql }))) throw writesRefused();
    const relations = takesWith(sql) ? await found(sql) : new Map<string, Relation>();
    const selects = new Map([...relations].map(([name, relation]) => [name, relation.sql]));
    return { sql: withRelations(sql, selects), from: readFrom(relations) };
  };

  return {
    async run(sql, params) {
      const { sql: text, from } = await prepared(sql);
      return { ...(await engine.rows({ sql: text, params })), ...from };
    },
    async stream(sql, params) {
      const { sql: text, from } = await prepared(sql);
      return { ...(await engine.stream({ sql: text, params })), ...from };
    },
    async tables() {
      const all = await Promise.all(names.map(name => summary(ports, name)));
      return all.filter(one => one !== undefined);
    },
    async describe(name) {
      const wanted = names.find(n => n.name === name);
      const relation = wanted && (await relationOf(ports, wanted, database, asked?.(wanted)));
      if (!relation) throw tableUnknown(name, await existing(ports, names));
      return engine.describe({ sql: relation.sql });
    },
  };
}

/** The lake on Athena for those who cast values to its types. */
export async function typedAthenaQuery(
  ports: ReadPorts,
  lake: ResolvedLake,
  engine: QueryEngine,
  database: string,
): Promise<TypedQuery> {
  return {
    query: await openAthenaQuery(ports, lake, engine, { database }),
    typeName: athenaSqlType,
  };
}

function readFrom(relations: ReadonlyMap<string, Relation>): ReadFrom {
  const snapshots = new Map<string, SnapshotAt>();
  for (const { snapshot } of relations.values()) if (snapshot) snapshots.set(snapshot.table, snapshot);
  return { snapshots: [...snapshots.values()] };
}

/** Undefined while nothing stands behind the name. */
async function relationOf(
  ports: ReadPorts,
  asked: RelationName,
  database: string,
  asOf?: AsOf,
): Promise<Relation | undefined> {
  if (asked.kind === 'history') return historyOf(ports, asked, database, asOf);
  const open = await openTable(ports, asked.name);
  if (!open) return asked.kind === 'table' ? unmerged(ports, asked) : undefined;
  const { metadata } = open;
  const snapshot = asOf ? snapshotAt(asked.name, metadata, asOf) : currentSnapshot(metadata);
  const schemaId = asOf && snapshot?.['schema-id'];
  const { fields } = schemaId === undefined ? currentSchema(metadata) : schemaById(metadata, schemaId);
  // The lake's own columns stand last, whatever was added after them.
  const user = userFields(fields);
  const columns = [...user, ...fields.filter(f => !user.includes(f))].map(f => quoteName(f.name));
  const version = asOf && snapshot ? ` FOR VERSION AS OF ${snapshot['snapshot-id']}` : '';
  return {
    sql: `SELECT ${columns.join(', ')} FROM ${quoteName(database)}.${quoteName(asked.name)}${version}`,
    snapshot: snapshot && named(asked.name, snapshot, instant(ports, asOf)),
  };
}

/** Taken in and not merged yet: the table is there, and empty. */
async function unmerged(ports: ReadPorts, { table }: RelationName): Promise<Relation | undefined> {
  const log = await openLog(ports, table!);
  if (!log) return undefined;
  return { sql: emptySql(currentFields(currentSchema(log.metadata).fields, table!.key)) };
}

function emptySql(fields: readonly Field[]): string {
  const columns = fields.map(f => `CAST(NULL AS ${athenaSqlType(f.type)}) AS ${quoteName(f.name)}`);
  return `SELECT ${columns.join(', ')} WHERE false`;
}

/** The log as far as it is merged into the table's snapshot; the view in the database may lag behind its columns. */
async function historyOf(
  ports: ReadPorts,
  { table }: RelationName,
  database: string,
  asOf: AsOf | undefined,
): Promise<Relation | undefined> {
  const { name } = table!;
  const current = await openTable(ports, name);
  const log = await readAthenaLog(ports, table!);
  if (!log) return undefined;
  const snapshot =
    current && (asOf ? snapshotAt(name, current.metadata, asOf) : currentSnapshot(current.metadata));
  const through = current ? readCursor(name, current.metadata, snapshot?.['snapshot-id']).through : 0;
  return {
    sql: athenaHistorySql(table!, log, database, `${ENTRY} <= ${through}`),
    snapshot: snapshot && named(name, snapshot, instant(ports, asOf)),
  };
}

function instant(ports: ReadPorts, asOf: AsOf | undefined): number | undefined {
  if (!asOf) return ports.clock.now();
  return 'at' in asOf ? asOf.at : undefined;
}

import type { ResolvedLake } from '../config/resolved';
import { currentSnapshot, type Snapshot, snapshotById } from '../iceberg/metadata';
import { taggedSnapshot } from '../iceberg/tags';
import type { LakePorts } from '../ports/lake-ports';
import type { QueryEngine, ResultColumn, RowStream, Rows, SqlParameter, View } from '../ports/query-engine';
import { openTable } from '../table/open';
import type { AsOf, SnapshotAt } from './as-of';
import { snapshotUnknown, tableUnknown, tagUnknown, writesRefused } from './errors';
import { type RelationKind, type RelationName, relation, relationNames } from './relations';

export type ReadPorts = Pick<LakePorts, 'store' | 'items' | 'catalog' | 'clock'>;

/** A table, view or report as `tables` lists it. Rows and bytes are those its newest snapshot states. */
export interface TableSummary {
  readonly name: string;
  readonly kind: RelationKind;
  readonly rows?: number;
  readonly bytes?: number;
  readonly files?: number;
  readonly snapshotId?: bigint;
  /** Milliseconds since 1970. */
  readonly committedAt?: number;
}

/** What an answer was read from: each table it names at one snapshot, whole. */
export interface ReadFrom {
  readonly snapshots: readonly SnapshotAt[];
}

/** SQL over a lake. Every statement sees the newest snapshots, or those of the point asked for. */
export interface LakeQuery {
  run(sql: string, params?: readonly SqlParameter[]): Promise<Rows & ReadFrom>;
  stream(sql: string, params?: readonly SqlParameter[]): Promise<RowStream & ReadFrom>;
  tables(): Promise<TableSummary[]>;
  /** @throws TM_6002 */
  describe(name: string): Promise<readonly ResultColumn[]>;
}

/** The same, of views over the lake's files. */
export interface ViewedQuery extends LakeQuery {
  /** The views that a statement names, and what they are read from, for those who run it themselves. */
  views(sql: string): Promise<ReadFrom & { readonly views: readonly View[] }>;
}

/**
 * Opens the lake to SQL: views `<table>`, `<table>_deltas`, `<table>_history` and every report, made for each statement
 * that names them. With `asOf` every table is read as it was then; a snapshot id stands for its own time elsewhere.
 * @throws TM_6004 for a snapshot id that no table has, TM_6025 for such a tag
 */
export async function openQuery(
  ports: ReadPorts,
  lake: ResolvedLake,
  engine: QueryEngine,
  { asOf }: { asOf?: AsOf } = {},
): Promise<ViewedQuery> {
  const names = await relationNames(ports, lake);
  const asked = asOf && (await pinned(ports, names, asOf));
  const find = (name: RelationName) => relation(ports, name, asked?.(name));
  const viewsOf: ViewedQuery['views'] = async sql => {
    const found = await Promise.all(namedIn(sql, names).map(find));
    const views = found.filter(one => one !== undefined);
    const snapshots = new Map(
      views.flatMap(({ snapshot }) => (snapshot ? [[snapshot.table, snapshot]] : [])),
    );
    return { views, snapshots: [...snapshots.values()] };
  };
  const reading = async (sql: string, params?: readonly SqlParameter[]) => {
    const { views, snapshots } = await viewsOf(sql);
    const statement = { sql, params, views };
    if (!(await engine.readsOnly(statement))) throw writesRefused();
    return { statement, snapshots };
  };

  return {
    views: viewsOf,
    async run(sql, params) {
      const { statement, snapshots } = await reading(sql, params);
      return { ...(await engine.rows(statement)), snapshots };
    },
    async stream(sql, params) {
      const { statement, snapshots } = await reading(sql, params);
      return { ...(await engine.stream(statement)), snapshots };
    },
    async tables() {
      const all = await Promise.all(names.map(name => summary(ports, name)));
      return all.filter(one => one !== undefined);
    },
    async describe(name) {
      const wanted = names.find(n => n.name === name);
      const found = wanted && (await find(wanted));
      if (!found) throw tableUnknown(name, await existing(ports, names));
      return engine.describe({ sql: found.sql });
    },
  };
}

/** Statements that list tables see them all. */
const LISTS = /\b(show|information_schema|duckdb_\w+|pg_catalog|sqlite_master)\b/i;

/** The names that occur in a statement; one that stands there for something else costs a view, no more. */
export function namedIn(sql: string, names: readonly RelationName[]): readonly RelationName[] {
  if (LISTS.test(sql)) return names;
  const text = sql.toLowerCase();
  const words = new Set(text.match(/[a-z_][a-z0-9_]*/g));
  return names.filter(
    ({ name }) => words.has(name) || (/[^a-z0-9_]/.test(name) && text.includes(name.toLowerCase())),
  );
}

/** The point in time for each name: a snapshot id or tag for the table that has it, its time for the others. */
export async function pinned(
  ports: ReadPorts,
  names: readonly RelationName[],
  asOf: AsOf,
): Promise<(name: RelationName) => AsOf> {
  if ('at' in asOf) return () => asOf;
  const found = new Map<string, Snapshot>();
  for (const { name, kind } of names) {
    const open = kind === 'history' ? undefined : await openTable(ports, name);
    const id = open && ('tag' in asOf ? taggedSnapshot(open.metadata, asOf.tag) : asOf.snapshotId);
    const snapshot = id === undefined ? undefined : snapshotById(open!.metadata, id);
    if (snapshot) found.set(name, snapshot);
    if (snapshot && 'snapshotId' in asOf) break;
  }
  if (found.size === 0)
    throw 'tag' in asOf ? tagUnknown(asOf.tag, 'lake') : snapshotUnknown(String(asOf.snapshotId), 'lake');
  const at = Math.max(...Array.from(found.values(), snapshot => snapshot['timestamp-ms']));
  return ({ name, kind, table }) => {
    const own = found.get(kind === 'history' ? table!.name : name);
    return own ? { snapshotId: own['snapshot-id'] } : { at };
  };
}

export async function summary(ports: ReadPorts, name: RelationName): Promise<TableSummary | undefined> {
  const { kind } = name;
  const open = await openTable(ports, kind === 'history' ? name.table!.name : name.name);
  if (!open) return undefined;
  const snapshot = currentSnapshot(open.metadata);
  if (kind === 'history') return { name: name.name, kind };
  const count = (total: string) => Number(snapshot?.summary[total] ?? 0);
  return {
    name: name.name,
    kind,
    rows: count('total-records'),
    bytes: count('total-files-size'),
    files: count('total-data-files'),
    snapshotId: snapshot?.['snapshot-id'],
    committedAt: snapshot?.['timestamp-ms'],
  };
}

export async function existing(ports: ReadPorts, names: readonly RelationName[]): Promise<string[]> {
  const all = await Promise.all(names.map(name => summary(ports, name)));
  return all.flatMap(one => one?.name ?? []);
}

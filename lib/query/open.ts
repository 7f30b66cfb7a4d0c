import type { ResolvedLake } from '../config/resolved';
import { currentSnapshot, snapshotById } from '../iceberg/metadata';
import type { LakePorts } from '../ports/lake-ports';
import type { QueryEngine, ResultColumn, RowStream, Rows, SqlParameter } from '../ports/query-engine';
import { openTable } from '../table/open';
import type { AsOf, SnapshotAt } from './as-of';
import { snapshotUnknown, tableUnknown, writesRefused } from './errors';
import { quoteName } from './quote';
import { type Relation, type RelationKind, type RelationName, relation, relationNames } from './relations';

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
  /** Makes the views a statement names, for those who run it themselves. */
  ready(sql: string): Promise<ReadFrom>;
  tables(): Promise<TableSummary[]>;
  /** @throws TM_6002 */
  describe(name: string): Promise<readonly ResultColumn[]>;
}

/**
 * Opens the lake to SQL: views `<table>`, `<table>_deltas`, `<table>_history` and every report, made when a statement
 * first names them. With `asOf` every table is read as it was then; a snapshot id stands for its own time elsewhere.
 * @throws TM_6004 for a snapshot id that no table has
 */
export async function openQuery(
  ports: ReadPorts,
  lake: ResolvedLake,
  engine: QueryEngine,
  { asOf }: { asOf?: AsOf } = {},
): Promise<LakeQuery> {
  const names = await relationNames(ports, lake);
  const asked = asOf && (await pinned(ports, names, asOf));
  const made = new Map<string, Relation>();

  const make = async (name: RelationName): Promise<Relation | undefined> => {
    const found = await relation(ports, name, asked?.(name));
    if (found && made.get(name.name)?.version !== found.version) {
      await engine.rows({ sql: `CREATE OR REPLACE TEMP VIEW ${quoteName(name.name)} AS ${found.sql}` });
      made.set(name.name, found);
    }
    return found;
  };
  const ready = async (sql: string): Promise<ReadFrom> => {
    const snapshots = new Map<string, SnapshotAt>();
    for (const name of namedIn(sql, names)) {
      const found = await make(name);
      if (found?.snapshot) snapshots.set(found.snapshot.table, found.snapshot);
    }
    return { snapshots: [...snapshots.values()] };
  };

  return {
    ready,
    async run(sql, params) {
      const from = await ready(sql);
      if (!(await engine.readsOnly(sql))) throw writesRefused();
      return { ...(await engine.rows({ sql, params })), ...from };
    },
    async stream(sql, params) {
      const from = await ready(sql);
      if (!(await engine.readsOnly(sql))) throw writesRefused();
      return { ...(await engine.stream({ sql, params })), ...from };
    },
    async tables() {
      const all = await Promise.all(names.map(name => summary(ports, name)));
      return all.filter(one => one !== undefined);
    },
    async describe(name) {
      const wanted = names.find(n => n.name === name);
      if (!wanted || !(await make(wanted))) throw tableUnknown(name, await existing(ports, names));
      return engine.describe({ sql: `SELECT * FROM ${quoteName(name)}` });
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

/** The point in time for each name: a snapshot id for the table that has it, its time for the others. */
export async function pinned(
  ports: ReadPorts,
  names: readonly RelationName[],
  asOf: AsOf,
): Promise<(name: RelationName) => AsOf> {
  if ('at' in asOf) return () => asOf;
  for (const { name, kind } of names) {
    const open = kind === 'history' ? undefined : await openTable(ports, name);
    const snapshot = open && snapshotById(open.metadata, asOf.snapshotId);
    if (!snapshot) continue;
    const at = { at: snapshot['timestamp-ms'] };
    return other =>
      other.name === name || (other.kind === 'history' && other.table?.name === name) ? asOf : at;
  }
  throw snapshotUnknown(String(asOf.snapshotId), 'lake');
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

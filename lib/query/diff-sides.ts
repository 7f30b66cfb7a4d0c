import type { Field } from '../columnar/types';
import { currentSchema, type Snapshot, schemaById, type TableMetadata } from '../iceberg/metadata';
import type { LakePorts } from '../ports/lake-ports';
import type { QueryEngine } from '../ports/query-engine';
import { logTableOf } from '../table/columns';
import { liveFiles } from '../table/live-files';
import { type OpenTable, openTable } from '../table/open';
import { castIn } from '../table/retype';
import { castOf } from '../table/retyped';
import { type ComparedSide, withCasts } from './diff-sql';
import { textsNotCompared } from './errors';

/** A snapshot as a comparison reads it. */
export interface SnapshotRead {
  /** undefined: nothing, before the table's first snapshot. */
  readonly snapshot: Snapshot | undefined;
  /** The columns, as they are called now; of one that was retyped since, the field of its texts. */
  readonly fields: readonly Field[];
}

export interface SnapshotPair {
  readonly table: string;
  readonly metadata: TableMetadata;
  readonly before: SnapshotRead;
  readonly after: SnapshotRead;
}

/** Two snapshots of a table as relations of the columns asked for, and the engine that compares them. */
export interface DiffEngine {
  readonly engine: Pick<QueryEngine, 'stream'>;
  sides(between: SnapshotPair): Promise<readonly [before: string, after: string]>;
  /** The log's rows. @param fields of the log by their ids, under names of the caller's */
  log(log: OpenTable, fields: readonly Field[]): Promise<string>;
}

interface Asked extends Pick<SnapshotPair, 'table' | 'metadata'> {
  readonly before: Snapshot | undefined;
  readonly after: Snapshot | undefined;
  /** As they are called and typed now. */
  readonly columns: readonly Field[];
}

type Ports = Pick<LakePorts, 'store' | 'catalog'>;

/**
 * Both snapshots with the same columns in the types of now. A snapshot from before a retype has texts: what each was cast
 * to the log says, which holds both; no engine's own cast reads texts as ingest does.
 * @throws TM_6023 where the log does not say it
 */
export async function comparedSides(
  ports: Ports,
  engine: DiffEngine,
  { table, metadata, columns, ...asked }: Asked,
): Promise<[ComparedSide, ComparedSide]> {
  const before = readOf(metadata, asked.before, columns);
  const after = readOf(metadata, asked.after, columns);
  for (const side of [before, after]) await checkTyped(ports, { table, metadata }, side);
  const casts = await castsOf(ports, engine, table, retypedIn(columns, [before, after]));
  const [old, now] = await engine.sides({ table, metadata, before, after });
  const side = ({ fields }: SnapshotRead, sql: string): ComparedSide => {
    const texts = columns.filter((f, i) => fields[i]!.id !== f.id).map(f => f.name);
    return { sql: withCasts(sql, columns, texts, casts), texts: new Set(texts) };
  };
  return [side(before, old), side(after, now)];
}

/** Whether the rows of a snapshot are one for each value of the key, as the key is now. */
export function isKeyedBy(
  metadata: TableMetadata,
  snapshot: Snapshot | undefined,
  key: readonly Field[],
): boolean {
  const id = snapshot?.['schema-id'];
  if (id === undefined) return true;
  const { identifierFieldIds: was } = schemaById(metadata, id);
  return was.length === key.length && key.every(f => was.includes(f.id));
}

/** By the snapshot's own schema: it lacks a column that was retyped since, and has that of the texts. */
function readOf(
  metadata: TableMetadata,
  snapshot: Snapshot | undefined,
  columns: readonly Field[],
): SnapshotRead {
  const id = snapshot?.['schema-id'];
  const then = id === undefined ? columns : schemaById(metadata, id).fields;
  const fields = columns.map(f => {
    const texts = then.some(t => t.id === f.id) ? undefined : then.find(t => t.id === castOf(f));
    return texts ? { ...texts, name: f.name } : f;
  });
  return { snapshot, fields };
}

function retypedIn(columns: readonly Field[], sides: readonly SnapshotRead[]): Field[] {
  return columns.filter((f, i) => sides.some(({ fields }) => fields[i]!.id !== f.id));
}

/** Rows of texts among typed ones: another engine went on from a snapshot before the retype. */
async function checkTyped(
  { store }: Ports,
  { table, metadata }: Pick<SnapshotPair, 'table' | 'metadata'>,
  { snapshot, fields }: SnapshotRead,
): Promise<void> {
  if (!snapshot || fields.every(f => castOf(f) === undefined)) return;
  const [mixed] = castIn(fields, await liveFiles(store, metadata, snapshot));
  if (mixed) throw textsNotCompared(table, mixed.name, `snapshot ${snapshot['snapshot-id']}`);
}

/** By column: every text that the log ever had, and what it was cast to. */
async function castsOf(
  ports: Ports,
  engine: DiffEngine,
  table: string,
  retyped: readonly Field[],
): Promise<ReadonlyMap<string, string>> {
  if (retyped.length === 0) return new Map();
  const log = await openTable(ports, logTableOf(table));
  const { fields } = log ? currentSchema(log.metadata) : { fields: [] };
  const files = log ? await liveFiles(ports.store, log.metadata) : { data: [], deletes: [] };
  const mixed = new Set(castIn(fields, files).map(f => f.id));
  const casts = retyped.map(async column => {
    const value = fields.find(f => f.id === column.id);
    const text = fields.find(f => f.id === castOf(column));
    if (!log || !value || !text || mixed.has(value.id)) {
      throw textsNotCompared(table, column.name, 'the log');
    }
    const both = [
      { ...text, name: 'text' },
      { ...value, name: 'value' },
    ];
    return [column.name, await engine.log(log, both)] as const;
  });
  return new Map(await Promise.all(casts));
}

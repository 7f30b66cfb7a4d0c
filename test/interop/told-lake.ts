import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localStore } from '../../lib/adapters/local/object-store';
import { type FixedClock, fixedClock } from '../../lib/adapters/memory/clock';
import { seededIds } from '../../lib/adapters/memory/ids';
import { memoryItems } from '../../lib/adapters/memory/items';
import { memoryStore } from '../../lib/adapters/memory/object-store';
import { catalogOverStore } from '../../lib/adapters/store-catalog';
import type { PrimitiveType, Scalar } from '../../lib/columnar/types';
import { resolveLake } from '../../lib/config/resolve';
import { currentSchema, type Snapshot, snapshotById } from '../../lib/iceberg/metadata';
import { userFields } from '../../lib/table/columns';
import { liveFiles } from '../../lib/table/live-files';
import { type OpenTable, openTable } from '../../lib/table/open';
import { mergeAll, readFiles, type TestLake, take } from '../support/lake';
import { jsonLine, type Normal, normal } from './normal';
import type { Found, Look, Readers } from './readers';

export type Row = Record<string, Scalar>;

export interface Shape {
  /** Types by name; the key is `id`, a bigint, and need not be named. */
  readonly columns: Readonly<Record<string, string>>;
  readonly partitionBy?: readonly string[];
  /** An append table has no key; ids are told it once each all the same. */
  readonly mode?: 'append';
}

/**
 * A lake in a folder, of one table, and what was told to it: `rows` is the table as a Map would hold it, so that a
 * reader's answer is compared with what was put in and not only with another reader.
 */
export interface ToldLake extends TestLake {
  readonly clock: FixedClock;
  readonly rows: Map<bigint, Row>;
  /** Ingests and merges: each is one commit. */
  put(rows: readonly Row[]): Promise<void>;
  remove(ids: readonly bigint[]): Promise<void>;
  /** Declares columns beyond those so far, or wider ones. */
  declare(columns: Readonly<Record<string, string>>): void;
  /** Declares these columns and no others, some of them under names of their own before. */
  redeclare(columns: Readonly<Record<string, string>>, aliases?: Readonly<Record<string, string[]>>): void;
  open(): Promise<OpenTable>;
  /** The newest metadata file. */
  metadata(): Promise<string>;
}

export const TABLE = 'things';

/** Lakes in fresh folders, removed after the file's tests. */
export function toldLakes(): (shape: Shape) => ToldLake {
  const folders: string[] = [];
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });
  return shape => {
    const folder = mkdtempSync(join(tmpdir(), 'tidemark-interop-'));
    folders.push(folder);
    return toldLake(folder, shape, folders.length);
  };
}

function toldLake(folder: string, shape: Shape, seed: number): ToldLake {
  const store = localStore(folder);
  const clock = fixedClock(Date.UTC(2026, 0, 1));
  let columns: Readonly<Record<string, string>> = { id: 'bigint', ...shape.columns };
  let files = 0;
  const test = {
    ports: { store, items: memoryItems(), catalog: catalogOverStore(store), clock, ids: seededIds(seed) },
    landing: memoryStore('mem://landing'),
    lake: resolve(columns, shape),
  };
  const rows = new Map<bigint, Row>();
  const tell = async (lines: readonly string[]) => {
    // A second apart, as the times of snapshots are what time travel goes by.
    clock.advance(1000);
    const taken = await take(test, `${TABLE}-${++files}.jsonl`, lines.join('\n'), { table: TABLE });
    expect(taken.outcome).toBe('taken-in');
    await mergeAll(test, TABLE);
  };
  return {
    ports: test.ports,
    landing: test.landing,
    get lake() {
      return test.lake;
    },
    clock,
    rows,
    async put(changed) {
      const declared = test.lake.tables[0]!.columns;
      await tell(changed.map(row => jsonLine([OP, ...declared], { op: 'I', ...row })));
      for (const row of changed) rows.set(row.id as bigint, { ...rows.get(row.id as bigint), ...row });
    },
    async remove(ids) {
      await tell(ids.map(id => JSON.stringify({ op: 'D', id: String(id) })));
      for (const id of ids) rows.delete(id);
    },
    declare(more) {
      columns = { ...columns, ...more };
      test.lake = resolve(columns, shape);
    },
    redeclare(all, aliases = {}) {
      columns = { id: 'bigint', ...all };
      test.lake = resolve(columns, shape, aliases);
    },
    open: async () => (await openTable(test.ports, TABLE))!,
    metadata: async () => (await openTable(test.ports, TABLE))!.pointer.uri,
  };
}

const OP = { name: 'op', type: 'string' as PrimitiveType };

function resolve(
  columns: Readonly<Record<string, string>>,
  { partitionBy = [], mode }: Shape,
  aliases: Readonly<Record<string, string[]>> = {},
) {
  const table = {
    ...(mode ? { mode } : { key: ['id'] }),
    columns,
    aliases,
    partitionBy: [...partitionBy],
    format: { kind: 'json-lines' as const, opColumn: OP.name },
  };
  return resolveLake({ name: 'interop', tables: { [TABLE]: table } }, '/config/tidemark.config.ts');
}

/** Texts of rows that two answers have alike, whatever the order of files. */
export function sorted(rows: Iterable<readonly Normal[]>): string[] {
  return Array.from(rows, row => JSON.stringify(row)).sort();
}

/** What was told, of the rows that `where` holds for. A column that nobody declared is a foreign one, of strings. */
export function told(
  lake: ToldLake,
  columns: readonly string[],
  where: (row: Row) => boolean = () => true,
): string[] {
  const types = typesOf(lake);
  const rows = [...lake.rows.values()].filter(where);
  return sorted(rows.map(row => columns.map(name => normal(types.get(name) ?? 'string', row[name] ?? null))));
}

function typesOf(lake: ToldLake): Map<string, PrimitiveType> {
  return new Map(lake.lake.tables[0]!.columns.map(c => [c.name, c.type]));
}

/** What our own reader finds in a snapshot, its columns as they were called then. */
export async function ownRows(
  lake: Pick<TestLake, 'ports'>,
  { metadata }: OpenTable,
  columns: readonly string[],
  snapshot?: Snapshot,
): Promise<string[]> {
  const { fields } = currentSchema(metadata);
  const wanted = columns.map(name => fields.find(f => f.name === name)!);
  const rows = await readFiles(lake.ports, await liveFiles(lake.ports.store, metadata, snapshot), fields);
  return sorted(rows.map(row => wanted.map(f => normal(f.type, row[f.name]!))));
}

/**
 * Both readers, on the metadata file and on the folder, and ours find what was told; the lake's own columns too are
 * the same to all. @returns the rows, for the test to see that there were any
 */
export async function expectAgreement(readers: Readers, lake: ToldLake): Promise<number> {
  const open = await lake.open();
  const all = currentSchema(open.metadata).fields.map(f => f.name);
  const columns = userFields(currentSchema(open.metadata).fields).map(f => f.name);
  const own = await ownRows(lake, open, all);
  const answers = {
    pyiceberg: await readers.pyiceberg(open.pointer.uri, { columns: all }),
    duckdb: await readers.duckdb(open.pointer.uri, { columns: all }),
  };
  for (const [reader, found] of Object.entries(answers)) {
    expect({ reader, rows: sorted(found.rows) }).toEqual({ reader, rows: own });
  }
  expect(await ownRows(lake, open, columns)).toEqual(told(lake, columns));
  return own.length;
}

/** A filtered read by both readers finds the told rows that `where` holds for. @returns files PyIceberg planned */
export async function expectFiltered(
  readers: Readers,
  lake: ToldLake,
  filter: string,
  where: (row: Row) => boolean,
): Promise<{ files: number; rows: number }> {
  const metadata = await lake.metadata();
  const look: Look = { columns: ['id'], filter };
  const wanted = told(lake, ['id'], where);
  const pyiceberg = await readers.pyiceberg(metadata, look);
  const duckdb: Found = await readers.duckdb(metadata, look);
  expect({ filter, reader: 'pyiceberg', ids: sorted(pyiceberg.rows) }).toEqual({
    filter,
    reader: 'pyiceberg',
    ids: wanted,
  });
  expect({ filter, reader: 'duckdb', ids: sorted(duckdb.rows) }).toEqual({
    filter,
    reader: 'duckdb',
    ids: wanted,
  });
  return { files: pyiceberg.files, rows: wanted.length };
}

/** The snapshots that the table retains, oldest first. */
export function retained({ metadata }: OpenTable): Snapshot[] {
  return metadata.snapshots.map(s => snapshotById(metadata, s['snapshot-id'])!);
}

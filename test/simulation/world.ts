import type { LakeConfig } from '../../lib/config/define';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { type Compacted, compactNext } from '../../lib/stages/compact/compact';
import { ingest } from '../../lib/stages/ingest/ingest';
import { ingestTogether } from '../../lib/stages/ingest/ingest-together';
import type { Ingested } from '../../lib/stages/ingest/request';
import { mergeNext } from '../../lib/stages/merge/merge';
import type { MergeLimits } from '../../lib/stages/merge/slice';
import { rebuild } from '../../lib/stages/rebuild';
import { memoryPorts, type TestLake, testLake } from '../support/lake';
import type { NaiveChange } from '../support/naive-fold';

/** A small world: two tables, a few files with late, partial, deleting and truncating changes. */
export const COLUMNS = ['a', 'b'];

export const COLUMNED = {
  key: ['id'],
  columns: { id: 'bigint', a: 'int', b: 'string' },
  format: { opColumn: 'op', sequenceColumn: 'at' },
};

export const CONFIG: LakeConfig = {
  name: 'world',
  tables: { one: { ...COLUMNED, partitionBy: ['bucket(2, id)'] }, two: COLUMNED },
};

interface Change {
  readonly op: 'I' | 'U' | 'D' | 'T';
  readonly id?: number;
  readonly at: number;
  readonly a?: number | null;
  readonly b?: string | null;
}

export interface WorldFile {
  readonly table: 'one' | 'two';
  readonly key: string;
  readonly changes: readonly Change[];
}

export const FILES: readonly WorldFile[] = [
  { table: 'one', key: '1/one.jsonl', changes: [i(1, 10, 1, 'x'), i(2, 11, 2, 'y'), i(3, 12, 3, 'z')] },
  { table: 'two', key: '1/two.jsonl', changes: [i(1, 10, 7, 'p'), { op: 'T', at: 15 }, i(2, 16, 8, 'q')] },
  {
    table: 'one',
    key: '2/one.jsonl',
    changes: [
      { op: 'D', id: 1, at: 30 },
      { op: 'U', id: 2, at: 31, a: 20 },
    ],
  },
  { table: 'one', key: '3/one.jsonl', changes: [{ op: 'U', id: 1, at: 20, b: 'late' }, i(4, 40, null, 'w')] },
  {
    table: 'one',
    key: '4/one.jsonl',
    changes: [
      { op: 'T', at: 25 },
      { op: 'U', id: 3, at: 26, b: 'back' },
    ],
  },
];

function i(id: number, at: number, a: number | null, b: string): Change {
  return { op: 'I', id, at, a, b };
}

/** A random file of a table: few keys and positions, so that files contend. */
export function randomFile(pick: <T>(among: readonly T[]) => T, n: number): WorldFile {
  const table = pick(['one', 'one', 'two'] as const);
  const changes = Array.from({ length: pick([1, 2, 3, 4]) }, (): Change => {
    const at = pick([...Array(40).keys()]);
    const op = pick(['I', 'I', 'U', 'U', 'U', 'D', 'D', 'T'] as const);
    if (op === 'T') return { op, at };
    const a = pick([undefined, null, 1, 2, 3]);
    return { op, id: pick([1, 2, 3, 4]), at, a: op === 'I' ? (a ?? null) : a, b: pick(['x', 'y', null]) };
  });
  return { table, key: `${n}/${table}.jsonl`, changes };
}

export function bytesOf(file: WorldFile): Uint8Array {
  const seq = (at: number) => `2021010100000000${String(at).padStart(19, '0')}`;
  return Buffer.from(file.changes.map(c => JSON.stringify({ ...c, at: seq(c.at) })).join('\n'));
}

export function meaningOf(file: WorldFile, entry: number): NaiveChange[] {
  return file.changes.map(({ op, id, at, a, b }, row) => {
    const values = Object.fromEntries(Object.entries({ a, b }).filter(([, v]) => v !== undefined));
    return { entry, row, op, key: String(id ?? ''), major: 0n, minor: BigInt(at), values };
  });
}

export interface World extends TestLake {
  pass(days: number): void;
}

export function world(seed: number, config: LakeConfig = CONFIG): World {
  const lake = testLake(config, seed);
  const ports = memoryPorts(seed);
  let now = ports.clock.now();
  return {
    ...lake,
    ports: {
      ...ports,
      clock: {
        now: () => now,
        async pause(ms) {
          now += ms;
        },
      },
    },
    pass(days) {
      now += days * 86_400_000;
    },
  };
}

export async function ingestFile(lake: TestLake, ports: LakePorts, file: WorldFile): Promise<Ingested> {
  if (!(await lake.landing.head(file.key))) await lake.landing.put(file.key, bytesOf(file));
  return ingest(ports, lake.lake, { landing: lake.landing, key: file.key, date: '2021-01-01' });
}

/** Files that come in one batch. @throws the first failure, after each had its turn */
export async function ingestBatch(
  lake: TestLake,
  ports: LakePorts,
  files: readonly WorldFile[],
): Promise<Ingested[]> {
  for (const file of files)
    if (!(await lake.landing.head(file.key))) await lake.landing.put(file.key, bytesOf(file));
  const requests = files.map(({ key }) => ({ landing: lake.landing, key, date: '2021-01-01' }));
  const tried = await ingestTogether(ports, lake.lake, requests);
  return tried.map(one => {
    if ('done' in one) return one.done;
    throw 'error' in one ? one.error : new Error('not begun');
  });
}

/** @param limits beside the lake's own, as for files that stay small */
export async function mergeTable(
  lake: TestLake,
  ports: LakePorts,
  table: string,
  limits: Partial<MergeLimits> = {},
): Promise<void> {
  const resolved = lake.lake.tables.find(t => t.name === table)!;
  while (await mergeNext(ports, resolved, { ...lake.lake.limits, ...limits }));
}

/** Every row or two a file, so that there is something to compact. */
export const TINY = { rowGroupRowsMax: 2, fileBytesMax: 1 };

/** Piece by piece, from two small files on. Gives what became fewer. */
export async function compactTable(lake: TestLake, ports: LakePorts, table: string): Promise<Compacted[]> {
  const resolved = lake.lake.tables.find(t => t.name === table)!;
  const pieces: Compacted[] = [];
  for (;;) {
    const piece = await compactNext(ports, resolved, { ...lake.lake.limits, smallFilesMin: 2 });
    if (!piece) return pieces;
    pieces.push(piece);
  }
}

export async function rebuildTable(lake: TestLake, ports: LakePorts, table: string): Promise<void> {
  await rebuild(ports, lake.lake.tables.find(t => t.name === table)!, lake.lake.limits);
}

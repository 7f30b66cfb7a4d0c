import { mkdir, mkdtemp, readdir, rm, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TidemarkError } from '../../errors';
import type {
  CopiedRow,
  CopyEngine,
  LocalFile,
  NewestOrder,
  PartKeys,
  ReadOrder,
  Repeated,
  SplitOrder,
  WithoutOrder,
  WrittenPart,
} from '../../ports/copy-engine';
import type { WritingEngine } from '../../ports/query-engine';
import { copyToSql, rowGroupRows, VECTOR_ROWS, widthSql } from '../../query/load/copy-to';
import { type Reading, readingOf, readSql } from '../../query/load/derive-sql';
import { copyFileUnread, derivationWrong, rowUnfit } from '../../query/load/errors';
import { firstFaultSql } from '../../query/load/faults-sql';
import {
  copyLosersSql,
  losersSql,
  lossesSql,
  repeatedCountSql,
  repeatedRowsSql,
  withoutSql,
} from '../../query/load/parts-sql';
import {
  filesSql,
  PLACE,
  placedSql,
  type StoredColumn,
  storedSql,
  wholeSql,
} from '../../query/load/read-copy';
import { ordersByPlace, splitSql } from '../../query/load/split-sql';
import { treeSql, UNSTEADY_SQL, unsteadyFunctions, unsteadyIn } from '../../query/load/steady';
import { quoteName } from '../../query/quote';
import { fileSql, sizesOf, sortedSlices, wideSlices } from './copy-slices';
import { openDuckDb } from './duckdb';
import { hashFunctions } from './duckdb-hash';
import { copied, type FileSize, firstCell, packed, SORT_BYTES, type WithEngine } from './duckdb-pack';
import { inRoom, lacksRoom } from './engine-room';
import { guarded } from './file-errors';
import { writtenPart } from './part-file';

export interface CopyEngineOptions {
  /** Where the engine spills to; each call makes a folder of its own below it and removes it. */
  readonly tempFolder: string;
  /** As DuckDB writes sizes. The process needs as much again. */
  readonly memoryLimit?: string;
  /** Bytes of rows that are sorted at once. */
  readonly sortBytes?: number;
}

/** With what the process needs besides, it stays below 512 MB. */
const MEMORY_LIMIT = '250MB';

/**
 * Loads by DuckDB on one thread. Each call has an instance of its own, and whatever is sorted has one: one that goes on
 * keeps what its last statement held, and needs twice the memory; and it sees the folders of its call alone.
 */
export function duckDbCopyEngine(options: CopyEngineOptions): CopyEngine {
  const { sortBytes = SORT_BYTES } = options;
  const within = async <T>(
    paths: readonly string[],
    work: (engine: WritingEngine) => Promise<T>,
  ): Promise<T> => {
    const { tempFolder } = options;
    await guarded(tempFolder, () => mkdir(tempFolder, { recursive: true }));
    const spills = await guarded(tempFolder, () => mkdtemp(join(tempFolder, 'spill-')));
    const engine = await openDuckDb({
      threads: 1,
      memoryLimit: options.memoryLimit ?? MEMORY_LIMIT,
      tempFolder: spills,
      folders: [spills, ...new Set(paths.map(dirname))],
      functions: hashFunctions,
      keepsRead: false,
    });
    try {
      return await work(engine);
    } catch (error) {
      throw inRoom(error, tempFolder, paths[0] ?? tempFolder);
    } finally {
      await engine.close();
      await rm(spills, { recursive: true, force: true });
    }
  };
  const ofCopy = <T>(
    order: ReadOrder,
    more: readonly string[],
    work: (engine: WritingEngine) => Promise<T>,
  ) => within([...order.copy.files.map(f => f.path), ...more], work);
  return {
    split: order => split(order, sortBytes, work => ofCopy(order, [join(order.folder, 'x')], work)),
    nullKeys: (order, limit) => ofCopy(order, [], engine => nullKeys(engine, order, limit)),
    pack: order => packed(order, sortBytes, work => within([...order.parts, order.file], work)),
    repeated: (order, limit) => within(filesOf(order), engine => repeated(engine, order, limit)),
    losers: order => within([...filesOf(order), order.file], engine => losers(engine, order)),
    without: order => within([order.from, ...order.losers, order.file], engine => without(engine, order)),
  };
}

/** What is known of a copy once its columns are. */
interface Looked {
  readonly order: SplitOrder;
  readonly stored: readonly StoredColumn[];
  readonly reading: Reading;
}

async function split(
  order: SplitOrder,
  sortBytes: number,
  withEngine: WithEngine,
): Promise<readonly WrittenPart[]> {
  const { looked, slices, rows } = await withEngine(async engine => {
    const stored = await storedColumns(engine, order.copy.files);
    const looked = { order, stored, reading: readingOf(stored, order) };
    await checkDerivations(engine, looked);
    return { looked, ...(await orFault(engine, looked, () => slicesOf(engine, looked, sortBytes))) };
  });
  await guarded(order.folder, () => mkdir(order.folder, { recursive: true }));
  for (const [i, slice] of slices.entries()) {
    const from = (ordersByPlace(order) ? placedSql : storedSql)(slice, looked.stored);
    const { sql, partitions } = splitSql(order, looked.reading, `(${from})`);
    // Below the folder, which the engine may not touch itself; in the order of their names, as rows stand in the copy.
    const name = `${String(i).padStart(9, '0')}${partitions.length > 0 ? '' : '.parquet'}`;
    const to = { path: join(order.folder, name), fields: order.fields, partitions };
    await withEngine(async engine => {
      // Rows wait in memory for their partition's file: a row group's worth, and not the half million of the engine's own.
      await engine.rows({ sql: `SET GLOBAL partitioned_write_flush_threshold = ${rows}` });
      await orFault(engine, looked, () => engine.rows({ sql: copyToSql(sql, to, rows) }));
    });
  }
  const written = (await readdir(order.folder, { recursive: true }))
    .filter(f => f.endsWith('.parquet'))
    .sort();
  const parts: WrittenPart[] = [];
  for (const file of written) {
    const part = await writtenPart(join(order.folder, file), order);
    if (part.rows > 0) parts.push(part);
  }
  return parts;
}

/** FROM of what is sorted at once, and how many rows a row group has: the first rows say how wide rows are. */
async function slicesOf(
  engine: WritingEngine,
  { order, stored, reading }: Looked,
  sortBytes: number,
): Promise<{ slices: readonly string[]; rows: number }> {
  const sizes = await sizesOf(engine, order.copy.files);
  const wide = await wideSlices(engine, order, stored, sizes);
  if (wide) return { slices: wide, rows: VECTOR_ROWS };
  const all = filesSql(order.copy.files);
  const sql = readSql(reading, `(${storedSql(all, stored)})`, false);
  // The table's columns alone, as they come out of the reading.
  const made = new Set((await engine.describe({ sql })).map(c => c.name));
  const fields = order.fields.filter(f => made.has(f.name));
  const width = Number((await firstCell(engine, widthSql(sql, fields))) ?? 0);
  const rows = rowGroupRows(width, order.limits);
  const by = { bytes: sizes.map(size => size.rows * width), most: sortBytes };
  return { slices: await sortedSlices(engine, order.copy.files, stored, by), rows };
}

/** Work on the copy's rows; where it fails, the error is of the row or file that is to blame. */
async function orFault<T>(engine: WritingEngine, looked: Looked, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (lacksRoom(error)) throw error;
    throw (await firstFault(engine, looked)) ?? error;
  }
}

async function storedColumns(
  engine: WritingEngine,
  files: readonly LocalFile[],
): Promise<readonly StoredColumn[]> {
  const seen = (some: readonly LocalFile[]) => engine.describe({ sql: `SELECT * FROM ${filesSql(some)}` });
  try {
    return await seen(files);
  } catch (error) {
    for (const file of files) await seen([file]).catch(cause => refuse(file, cause));
    throw error;
  }
}

function refuse(file: LocalFile, cause: unknown): never {
  throw copyFileUnread(file.name, messageOf(cause));
}

/** Each as it will be looked for faults, which refuses subqueries; and none may give another value each time. */
async function checkDerivations(
  engine: WritingEngine,
  { order: { copy, derive }, reading, stored }: Looked,
): Promise<void> {
  if (reading.derived.length === 0) return;
  const placed = `(${placedSql(filesSql(copy.files), stored)})`;
  const unsteady = unsteadyFunctions((await engine.rows({ sql: UNSTEADY_SQL })).rows);
  const known = stored.map(c => c.name);
  for (const [i, { name, sql }] of reading.derived.entries()) {
    const before = readSql({ casts: reading.casts, derived: reading.derived.slice(0, i) }, placed, true);
    const text = derive[name] ?? '';
    const tree = JSON.parse(String(await firstCell(engine, treeSql(sql)))) as unknown;
    const called = unsteadyIn(tree, known, unsteady);
    if (called !== undefined)
      throw derivationWrong(name, text, `${called} gives more than its arguments say`);
    known.push(name);
    try {
      await engine.describe({ sql: `SELECT TRY((${sql}) IS NULL) FROM (${before})` });
    } catch (error) {
      throw derivationWrong(name, text, messageOf(error));
    }
  }
}

/** The first row of the copy that cannot be read, or the file. Undefined: it was something else. */
async function firstFault(
  engine: WritingEngine,
  { order: { copy }, reading, stored }: Looked,
): Promise<TidemarkError | undefined> {
  // DuckDB takes what stands twice in a statement out of its TRY.
  await engine.rows({ sql: "SET GLOBAL disabled_optimizers = 'common_subexpressions'" });
  for (const file of copy.files) {
    try {
      const from = await fileSql(engine, file, stored);
      const placed = placedSql(from, stored);
      const { rows } = await engine.rows({ sql: firstFaultSql(reading, placed) });
      if (!rows[0]) {
        await engine.rows({ sql: wholeSql(from, stored) });
        continue;
      }
      const [place, column] = rows[0];
      const why = await faultOf(engine, reading, placed, Number(place), String(column));
      return rowUnfit(file.name, Number(place), String(column), why);
    } catch (error) {
      return copyFileUnread(file.name, messageOf(error));
    }
  }
  return undefined;
}

/** The engine's own words for the row. */
async function faultOf(
  engine: WritingEngine,
  reading: Reading,
  placed: string,
  place: number,
  column: string,
): Promise<string> {
  const row = `(SELECT * FROM (${placed}) WHERE ${PLACE} = ${place})`;
  try {
    await engine.rows({ sql: `SELECT ${quoteName(column)} FROM (${readSql(reading, row, false)})` });
    return 'a column that it is derived from fails';
  } catch (error) {
    return messageOf(error);
  }
}

async function nullKeys(engine: WritingEngine, order: ReadOrder, limit: number): Promise<CopiedRow[]> {
  const { copy, key } = order;
  const stored = await storedColumns(engine, copy.files);
  const reading = readingOf(stored, order);
  const isNull = key.map(f => `${quoteName(f.name)} IS NULL`).join(' OR ');
  const found: CopiedRow[] = [];
  for (const file of copy.files) {
    if (found.length >= limit) break;
    const placed = placedSql(await fileSql(engine, file, stored), stored);
    const read = readSql(reading, `(${placed})`, true);
    const sql = `SELECT ${PLACE} FROM (${read}) WHERE ${isNull} ORDER BY ${PLACE} LIMIT ${limit - found.length}`;
    for (const [place] of (await engine.rows({ sql })).rows)
      found.push({ file: file.name, row: Number(place) });
  }
  return found;
}

async function repeated(engine: WritingEngine, order: PartKeys, limit: number): Promise<Repeated> {
  const { rows } = await engine.rows({ sql: repeatedCountSql(order) });
  const [keys, among] = (rows[0] ?? [0, 0]).map(Number) as [number, number];
  if (keys === 0 || limit === 0) return { keys, surplus: among - keys, first: [] };
  const first = await engine.rows({ sql: repeatedRowsSql(order, limit) });
  return {
    keys,
    surplus: among - keys,
    first: first.rows.map(([part, row, ...values]) => ({
      part: Number(part),
      row: Number(row),
      key: values.map(v => (v === null ? null : String(v))),
    })),
  };
}

async function losers(engine: WritingEngine, order: NewestOrder): Promise<readonly number[]> {
  const { pieces, newestBy, file } = order;
  await mkdir(dirname(file), { recursive: true });
  await engine.rows({ sql: copyLosersSql(losersSql(order, newestBy), file) });
  const { rows } = await engine.rows({ sql: lossesSql(file) });
  const losses = new Map(rows.map(([part, count]) => [Number(part), Number(count)]));
  return pieces.map(({ part }) => losses.get(part) ?? 0);
}

async function without(engine: WritingEngine, order: WithoutOrder): Promise<FileSize | undefined> {
  const written = await copied(engine, withoutSql(order), { ...order, parts: [order.from] });
  if (written.rows > 0) return written;
  await unlink(order.file);
  return undefined;
}

const filesOf = ({ pieces }: PartKeys) => pieces.map(({ file }) => file);

function messageOf(error: unknown): string {
  const text = error instanceof TidemarkError ? error.what : String(error);
  return text.split('\n')[0]!.replace(/^Error: /, '');
}

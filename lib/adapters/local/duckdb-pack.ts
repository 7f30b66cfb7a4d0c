import { mkdir, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { PackOrder } from '../../ports/copy-engine';
import type { Cell, WritingEngine } from '../../ports/query-engine';
import { copyToSql, rowGroupRows, sampleRows, VECTOR_ROWS, widthSql } from '../../query/load/copy-to';
import { cutsSql, packSql, rangesOf, rowsSql, sortedBy } from '../../query/load/parts-sql';
import { sizeOf } from './copy-slices';
import { joinParts, partsInKeyOrder, worthJoining } from './join-parts';
import { measured } from './part-file';

/** A file that was written. */
export interface FileSize {
  readonly rows: number;
  readonly bytes: number;
}

/**
 * Bytes of rows that are sorted at once, as our own batches count them. With all that the engine holds besides they fit
 * into its memory: sorting takes twice the time where it spills.
 */
export const SORT_BYTES = 128 << 20;

/** Opens an engine for as long as the work takes. */
export type WithEngine = <T>(work: (engine: WritingEngine) => Promise<T>) => Promise<T>;

/** Parts of a partition as one file; without the engine where they can be joined as they are. */
export async function packed(order: PackOrder, sortBytes: number, withEngine: WithEngine): Promise<FileSize> {
  const inOrder = await partsInKeyOrder(order);
  if (!inOrder) return sorted(withEngine, order, sortBytes);
  const parts = inOrder.map(({ file }) => file);
  if (worthJoining(inOrder, order.limits)) return joinParts(parts, order);
  const plain = rowsSql(parts, order.fields);
  return withEngine(engine => copied(engine, plain, { ...order, parts }));
}

/** Sorted by ranges of the first column, so that each fits into the memory of an engine of its own; then joined. */
async function sorted(withEngine: WithEngine, order: PackOrder, sortBytes: number): Promise<FileSize> {
  const { parts, file } = order;
  const [first] = sortedBy(order);
  const planned = await withEngine(async engine => {
    const { width, rows } = await widthOf(engine, order);
    // The engine hands rows on by so many: of wide ones those are more than a range should be.
    const bytes = width * VECTOR_ROWS > sortBytes / 4 ? sortBytes / 4 : sortBytes;
    const pieces = Math.ceil((rows * width) / bytes);
    if (!first || pieces < 2) return written(engine, packSql(order), order, width);
    const cuts = await engine.rows({ sql: cutsSql(parts, first.field, pieces) });
    return { width, cuts: cuts.rows.map(([cut]) => String(cut)) };
  });
  if ('rows' in planned) return planned;
  const { width, cuts } = planned;
  const files: string[] = [];
  for (const range of rangesOf(first!, cuts)) {
    const piece = `${file}-${files.length}`;
    files.push(piece);
    await withEngine(engine => written(engine, packSql(order, range), { ...order, file: piece }, width));
  }
  const whole = await joinParts(files, order);
  for (const piece of files) await unlink(piece);
  return whole;
}

/** Writes a SELECT of rows of the parts, of all or of fewer, into one file. */
export async function copied(
  engine: WritingEngine,
  sql: string,
  order: Pick<PackOrder, 'parts' | 'file' | 'fields' | 'limits'>,
): Promise<FileSize> {
  return written(engine, sql, order, (await widthOf(engine, order)).width);
}

async function written(
  engine: WritingEngine,
  sql: string,
  { file, fields, limits }: Pick<PackOrder, 'file' | 'fields' | 'limits'>,
  width: number,
): Promise<FileSize> {
  await mkdir(dirname(file), { recursive: true });
  await engine.rows({ sql: copyToSql(sql, { path: file, fields }, rowGroupRows(width, limits)) });
  return measured(file);
}

async function widthOf(
  engine: WritingEngine,
  { parts, fields }: Pick<PackOrder, 'parts' | 'fields'>,
): Promise<{ width: number; rows: number }> {
  const size = await sizeOf(engine, parts);
  const width = await firstCell(engine, widthSql(rowsSql(parts, fields), fields, sampleRows(size)));
  return { width: Number(width ?? 0), rows: size.rows };
}

/** The first value of an answer. */
export async function firstCell(engine: WritingEngine, sql: string): Promise<Cell | undefined> {
  return (await engine.rows({ sql })).rows[0]?.[0];
}

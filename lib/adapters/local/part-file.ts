import { type FileHandle, open } from 'node:fs/promises';
import { valueAt } from '../../columnar/kernels';
import type { Field, Scalar } from '../../columnar/types';
import { compareValues } from '../../iceberg/single-value';
import { applyTransform, transformColumn } from '../../iceberg/transform';
import { columnIndex } from '../../parquet/column';
import { FOOTER_TAIL_BYTES, footerLength, type ParquetFooter, parseFooter } from '../../parquet/footer';
import { rowGroupBounds } from '../../parquet/metrics';
import { chunkRanges, columnsFor, decodeRowGroup } from '../../parquet/read';
import type { PartitionSource, SplitOrder, WrittenPart } from '../../ports/copy-engine';

/** What a file that was just written says of itself: counts from its footer, the partition from its first row. */
export async function writtenPart(
  file: string,
  { partitionBy, countOn, key }: Pick<SplitOrder, 'partitionBy' | 'countOn' | 'key'>,
): Promise<WrittenPart> {
  return withFile(file, async (handle, bytes) => {
    const footer = await footerOf(handle, bytes);
    const nulls = (field: SplitOrder['key'][number]) => {
      const at = columnIndex(footer.columns, field)!;
      return footer.rowGroups.reduce((sum, g) => sum + (g.columns[at]!.nulls ?? 0), 0);
    };
    return {
      file,
      partition: await partitionOf(handle, footer, partitionBy),
      rows: footer.rows,
      bytes,
      counted: footer.rows - (countOn ? nulls(countOn) : 0),
      nullKeys: key.reduce((sum, field) => sum + nulls(field), 0),
    };
  });
}

/** Rows and bytes of a file. */
export async function measured(file: string): Promise<{ rows: number; bytes: number }> {
  return withFile(file, async (handle, bytes) => ({ rows: (await footerOf(handle, bytes)).rows, bytes }));
}

/**
 * The parts so that each begins beyond the last key of the one before it, where their bounds say that they can stand so:
 * a copy that was taken along its key needs no second sort. Each is sorted itself.
 */
export async function partsInKeyOrder(
  parts: readonly string[],
  [first]: readonly Field[],
): Promise<readonly string[] | undefined> {
  if (!first) return undefined;
  const spans: { file: string; min: Value; max: Value }[] = [];
  for (const file of parts) {
    const span = await withFile(file, async (handle, size) => spanOf(await footerOf(handle, size), first));
    if (!span) return undefined;
    spans.push({ file, ...span });
  }
  spans.sort((a, b) => compareValues(first.type, a.min, b.min));
  const apart = spans.every((s, i) => i === 0 || compareValues(first.type, spans[i - 1]!.max, s.min) < 0);
  return apart ? spans.map(s => s.file) : undefined;
}

type Value = Exclude<Scalar, null>;

/** Bounds of a column without NULLs. Floats have zeros that compare otherwise elsewhere, and NaN. */
function spanOf(footer: ParquetFooter, field: Field): { min: Value; max: Value } | undefined {
  if (isFloat(field)) return undefined;
  const bounds = footer.rowGroups.map((_, i) => rowGroupBounds(footer, i, field));
  const [first] = bounds;
  const last = bounds.at(-1);
  if (bounds.some(b => b?.nulls !== 0) || first?.min == null || last?.max == null) return undefined;
  return { min: first.min, max: last.max };
}

/**
 * All rows of the file have the same partition values: our own transforms of any. A bound of a value of fixed size is one
 * that occurs; elsewhere the first row is read.
 */
async function partitionOf(
  handle: FileHandle,
  footer: ParquetFooter,
  partitionBy: readonly PartitionSource[],
): Promise<Scalar[]> {
  const values: Scalar[] = [];
  for (const { source, transform } of partitionBy) {
    const least = rowGroupBounds(footer, 0, source)?.min;
    if (typeof least === 'bigint' || (typeof least === 'number' && !isFloat(source))) {
      values.push(applyTransform(transform, source.type, least));
      continue;
    }
    const [range] = chunkRanges(footer, 0, columnsFor(footer, [source]));
    const chunk = await bytesAt(handle, range!.start, range!.end);
    const first = decodeRowGroup(footer, 0, [source], [chunk], { from: 0, to: 1 });
    values.push(valueAt(transformColumn(transform, first.columns[0]!), 0));
  }
  return values;
}

function isFloat({ type }: Field): boolean {
  return type === 'float' || type === 'double';
}

async function footerOf(handle: FileHandle, size: number): Promise<ParquetFooter> {
  const tail = await bytesAt(handle, size - FOOTER_TAIL_BYTES, size);
  const end = size - FOOTER_TAIL_BYTES;
  return parseFooter(await bytesAt(handle, end - footerLength(tail, size), end));
}

async function bytesAt(handle: FileHandle, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start);
  await handle.read(bytes, 0, bytes.length, start);
  return bytes;
}

async function withFile<T>(file: string, work: (handle: FileHandle, size: number) => Promise<T>): Promise<T> {
  const handle = await open(file, 'r');
  try {
    return await work(handle, (await handle.stat()).size);
  } finally {
    await handle.close();
  }
}

import { type FileHandle, open } from 'node:fs/promises';
import { valueAt } from '../../columnar/kernels';
import type { Scalar } from '../../columnar/types';
import { transformColumn } from '../../iceberg/transform';
import { columnIndex } from '../../parquet/column';
import { FOOTER_TAIL_BYTES, footerLength, type ParquetFooter, parseFooter } from '../../parquet/footer';
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

/** All rows of the file have the same partition values: the transforms of the first, by our own kernels. */
async function partitionOf(
  handle: FileHandle,
  footer: ParquetFooter,
  partitionBy: readonly PartitionSource[],
): Promise<Scalar[]> {
  const values: Scalar[] = [];
  for (const { source, transform } of partitionBy) {
    const [range] = chunkRanges(footer, 0, columnsFor(footer, [source]));
    const chunk = await bytesAt(handle, range!.start, range!.end);
    const first = decodeRowGroup(footer, 0, [source], [chunk], { from: 0, to: 1 });
    values.push(valueAt(transformColumn(transform, first.columns[0]!), 0));
  }
  return values;
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

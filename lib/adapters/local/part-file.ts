import { valueAt } from '../../columnar/kernels';
import type { Field, Scalar } from '../../columnar/types';
import { applyTransform, transformColumn } from '../../iceberg/transform';
import { columnIndex } from '../../parquet/column';
import type { ParquetFooter } from '../../parquet/footer';
import { rowGroupBounds, rowGroupSpan } from '../../parquet/metrics';
import { chunkRanges, columnsFor, decodeRowGroup } from '../../parquet/read';
import type { KeySpan, PartitionSource, SplitOrder, WrittenPart } from '../../ports/copy-engine';
import { OP_COLUMN } from '../../query/load/split-sql';
import { type LocalParquet, withParquet } from './parquet-file';

/** What a file that was just written says of itself: counts and bounds from its footer, the partition from its first row. */
export async function writtenPart(
  path: string,
  {
    partitionBy,
    countOn,
    key,
    dead,
    fields,
  }: Pick<SplitOrder, 'partitionBy' | 'countOn' | 'key' | 'dead' | 'fields'>,
): Promise<WrittenPart> {
  return withParquet(path, async file => {
    const { footer } = file;
    const nulls = (field: SplitOrder['key'][number]) => {
      const at = columnIndex(footer.columns, field)!;
      return footer.rowGroups.reduce((sum, g) => sum + (g.columns[at]!.nulls ?? 0), 0);
    };
    return {
      file: path,
      partition: await partitionOf(file, partitionBy),
      dead: dead !== undefined && (await opOf(file, fields)) === 'D',
      rows: footer.rows,
      bytes: file.size,
      counted: footer.rows - (countOn ? nulls(countOn) : 0),
      nullKeys: key.reduce((sum, field) => sum + nulls(field), 0),
      keys: key[0] && keySpan(footer, key[0]),
    };
  });
}

/** Of the file's first row: all have the same. */
async function opOf({ footer, bytes }: LocalParquet, fields: readonly Field[]): Promise<Scalar> {
  const op = fields.filter(f => f.name === OP_COLUMN);
  const [range] = chunkRanges(footer, 0, columnsFor(footer, op));
  const chunk = await bytes(range!.start, range!.end);
  return valueAt(decodeRowGroup(footer, 0, op, [chunk], { from: 0, to: 1 }).columns[0]!, 0);
}

/** Rows and bytes of a file. */
export async function measured(path: string): Promise<{ rows: number; bytes: number }> {
  return withParquet(path, async ({ footer, size }) => ({ rows: footer.rows, bytes: size }));
}

/** Bounds of a column by which a file is sorted, where they are told. */
export function keySpan(footer: ParquetFooter, field: Field): KeySpan | undefined {
  const spans = footer.rowGroups.map((_, i) => rowGroupSpan(footer, i, field));
  const [first] = spans;
  const last = spans.at(-1);
  return first && last && !spans.includes(undefined) ? { min: first.min, max: last.max } : undefined;
}

/**
 * All rows of the file have the same partition values: our own transforms of any. A bound of a value of fixed size is one
 * that occurs; elsewhere the first row is read.
 */
async function partitionOf(
  { footer, bytes }: LocalParquet,
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
    const chunk = await bytes(range!.start, range!.end);
    const first = decodeRowGroup(footer, 0, [source], [chunk], { from: 0, to: 1 });
    values.push(valueAt(transformColumn(transform, first.columns[0]!), 0));
  }
  return values;
}

function isFloat({ type }: Field): boolean {
  return type === 'float' || type === 'double';
}

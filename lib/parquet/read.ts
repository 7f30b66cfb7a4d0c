import { fromArrowTable } from '../columnar/arrow';
import type { Batch, Column } from '../columnar/column';
import { castColumn, nullColumn, widens } from '../columnar/kernels';
import type { Field } from '../columnar/types';
import { columnIndex, readableAs } from './column';
import { columnUnreadable, parquetCorrupt } from './errors';
import { footerBytes, MAGIC, type ParquetFooter, type ParquetRowGroup } from './footer';
import { FILE, GROUP } from './ids';
import { shiftRowGroup } from './offsets';
import type { ByteRange } from './ranges';
import { pickedSchema } from './schema-identity';
import { ThriftType } from './thrift';
import { structAt, structsOf, withField, withStructs } from './thrift-fields';
import { decodeParquet } from './wasm';

/** Rows [from, to) of a row group. */
export interface RowSpan {
  readonly from: number;
  readonly to: number;
}

/** The file's columns that hold `fields`, in the order of the fields; those the file has not are left out. */
export function columnsFor(footer: ParquetFooter, fields: readonly Field[]): number[] {
  return fields.map(f => columnIndex(footer.columns, f)).filter(i => i !== undefined);
}

/** Where the columns' chunks of one row group stand, in the order of `columns`. */
export function chunkRanges(
  footer: ParquetFooter,
  rowGroup: number,
  columns: readonly number[],
): ByteRange[] {
  const group = rowGroupOf(footer, rowGroup);
  return columns.map(c => {
    const chunk = group.columns[c];
    if (!chunk) throw parquetCorrupt(`no column ${c}`, `parquet row group ${rowGroup}`);
    return { start: chunk.start, end: chunk.start + chunk.size };
  });
}

function rowGroupOf(footer: ParquetFooter, rowGroup: number): ParquetRowGroup {
  const group = footer.rowGroups[rowGroup];
  if (!group) throw parquetCorrupt(`no row group ${rowGroup} of ${footer.rowGroups.length}`);
  return group;
}

/**
 * One row group's rows, all or those of `span`, with exactly `fields`: NULL where the file has not the field, narrower types widened.
 * `chunks` are the bytes at chunkRanges(footer, rowGroup, columnsFor(footer, fields)). Throws TM_4201 if a chunk has
 * another size, TM_4205 if its pages do not decode, TM_4207 if a column is not of its field's type.
 */
export function decodeRowGroup(
  footer: ParquetFooter,
  rowGroup: number,
  fields: readonly Field[],
  chunks: readonly Uint8Array[],
  span?: RowSpan,
): Batch {
  const group = rowGroupOf(footer, rowGroup);
  const rows = span ?? { from: 0, to: group.rows };
  const columns = columnsFor(footer, fields);
  const where = `parquet row group ${rowGroup}`;
  if (chunks.length !== columns.length)
    throw parquetCorrupt(`${chunks.length} chunks for ${columns.length}`, where);
  const decoded = portions(group, columns).flatMap(({ from, to }) =>
    decodeChunks({ footer, rowGroup, rows }, columns.slice(from, to), chunks.slice(from, to)),
  );
  const length = rows.to - rows.from;
  let next = 0;
  const result = fields.map(field => {
    if (columnIndex(footer.columns, field) === undefined) return nullColumn(field.type, length);
    return fitColumn(decoded[next++]!, field);
  });
  return { length, fields, columns: result };
}

/** What is decoded at once: one column of a usual row group, or a few small ones. A call of the engine costs 1 ms. */
const PORTION_BYTES_MAX = 1 << 20;
const PORTION_COLUMNS_MAX = 8;

/**
 * Stretches [from, to) of the columns. The engine holds what it decodes three times over, as pages, as Arrow and as the
 * stream that it gives out, and its memory never shrinks; and columns out of one stream stay in memory together.
 */
function portions(group: ParquetRowGroup, columns: readonly number[]): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  let bytes = 0;
  columns.forEach((column, i) => {
    const size = group.columns[column]!.uncompressed;
    const last = found.at(-1);
    if (last && bytes + size <= PORTION_BYTES_MAX && last.to - last.from < PORTION_COLUMNS_MAX)
      last.to = i + 1;
    else {
      found.push({ from: i, to: i + 1 });
      bytes = 0;
    }
    bytes += size;
  });
  return found;
}

/** Rows of one row group. */
interface Stretch {
  readonly footer: ParquetFooter;
  readonly rowGroup: number;
  readonly rows: RowSpan;
}

function decodeChunks(
  { footer, rowGroup, rows }: Stretch,
  columns: readonly number[],
  chunks: readonly Uint8Array[],
): Column[] {
  const group = rowGroupOf(footer, rowGroup);
  columns.forEach((c, i) => {
    const { size } = group.columns[c]!;
    if (chunks[i]!.length !== size)
      throw parquetCorrupt(`${chunks[i]!.length} bytes of ${size}`, `row group ${rowGroup}`);
  });
  const where = `row group ${rowGroup}, columns ${columns.map(c => footer.columns[c]!.name).join(', ')}`;
  const length = rows.to - rows.from;
  const options = {
    offset: rows.from,
    // Without a limit, rows that the footer does not speak of show.
    limit: rows.to === group.rows ? undefined : length,
    batchSize: Math.max(length, 1),
  };
  const table = decodeParquet(chunkFile(footer, rowGroup, columns, chunks), options, where);
  if (table.numRows !== length) throw parquetCorrupt(`${table.numRows} rows of ${length}`, where);
  return fromArrowTable(table).map(c => c.column);
}

/**
 * A Parquet file of just these chunks. The engine's own projection reads wrong columns or the whole file.
 * Key-values are left out: `ARROW:schema` would speak of columns that are not there, and of types we do not want.
 */
function chunkFile(
  footer: ParquetFooter,
  rowGroup: number,
  columns: readonly number[],
  chunks: readonly Uint8Array[],
): Uint8Array {
  const { tree } = footer;
  const source = footer.rowGroups[rowGroup]!;
  const starts: number[] = [];
  let end = MAGIC.length;
  for (const chunk of chunks) {
    starts.push(end);
    end += chunk.length;
  }
  const struct = structAt(tree, FILE.rowGroups, rowGroup);
  const all = structsOf(struct, GROUP.columns);
  const picked = withStructs(
    struct,
    GROUP.columns,
    columns.map(c => all[c]!),
  );
  const group = shiftRowGroup(picked, i => starts[i]! - source.columns[columns[i]!]!.start, 0);
  const schema = withField(pickedSchema(tree, columns), FILE.rows, ThriftType.i64, source.rows);
  const pruned = withStructs(schema, FILE.rowGroups, [group]);
  return Buffer.concat([MAGIC, ...chunks, footerBytes(pruned)]);
}

function fitColumn(column: Column, { name, type }: Field): Column {
  if (!readableAs(column.type, type)) throw columnUnreadable(name, column.type, type);
  return widens(column.type, type) ? castColumn(column, type) : ({ ...column, type } as Column);
}

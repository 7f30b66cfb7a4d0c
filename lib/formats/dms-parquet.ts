import type { Batch } from '../columnar/column';
import { sliceBatch } from '../columnar/kernels';
import type { Field, PrimitiveType } from '../columnar/types';
import { TidemarkError } from '../errors';
import { lakeTypeOf, type ParquetColumn, readableAs } from '../parquet/column';
import { FOOTER_TAIL_BYTES, footerLength, type ParquetFooter, parseFooter } from '../parquet/footer';
import { chunkRanges, columnsFor, decodeRowGroup } from '../parquet/read';
import { brokenParquet, emptyFile } from './errors';
import type { DecodedBatch, DecodeRequest, Format, SourceFile } from './format';
import { unpackedWhole } from './gzip-parquet';
import { dataColumns, dmsBookkeeping, type FieldRole, layoutOf, whereTestOf } from './layout';
import { TypedRows } from './typed-rows';

/**
 * Parquet as AWS DMS writes it to S3, or any flat Parquet file as a load: column `Op`, the commit time as text
 * or timestamp if the options name it, `AR_H_CHANGE_SEQ`, `BI_` before-images.
 * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.S3.html
 */
export const dmsParquet: Format = {
  kind: 'dms-parquet',
  async open(request) {
    if (request.file.size === 0) throw emptyFile(request.file.name);
    const file = await unpackedWhole(request.file);
    const footer = await readFooter(file);
    const layout = typedLayout(footer, request);
    const fields = fieldsOf(footer, layout, file.name);
    whereTestOf(layout, request);
    return {
      columns: dataColumns(layout),
      batches: () => batches({ ...request, file }, footer, layout, fields),
    };
  },
};

async function readFooter(file: SourceFile): Promise<ParquetFooter> {
  const { name, size } = file;
  if (size <= FOOTER_TAIL_BYTES) throw brokenParquet(`a file of ${size} bytes`, name);
  const tail = await file.range(size - FOOTER_TAIL_BYTES, size);
  const length = decoding(name, () => footerLength(tail, size));
  const bytes = await file.range(size - FOOTER_TAIL_BYTES - length, size - FOOTER_TAIL_BYTES);
  const footer = decoding(name, () => parseFooter(bytes));
  for (const group of footer.rowGroups) {
    if (group.end > size) throw brokenParquet(`a row group that ends at ${group.end} of ${size} bytes`, name);
  }
  return footer;
}

/**
 * The file's columns with the types to answer: the declared one where the stored values or their text can be
 * read as it, else the file's own. All timestamps are UTC micros; the lake has no timestamptz unless declared.
 */
function typedLayout(footer: ParquetFooter, request: DecodeRequest): FieldRole[] {
  const names = footer.columns.map(column => column.name);
  const layout = layoutOf(names, request, dmsBookkeeping(request.options));
  const declared = new Map(request.columns.map(column => [column.name, column.type]));
  return layout.map((field, i) => {
    const stored = storedType(footer.columns[i]!, request.file.name);
    if (field.role === 'op' || field.role === 'sequence' || field.role === 'changedAt') return field;
    const wanted = declared.get(field.name);
    if (wanted && (readableAs(stored, wanted) || stored === 'string')) return { ...field, type: wanted };
    return { ...field, type: stored === 'timestamptz' ? 'timestamp' : stored };
  });
}

function storedType(column: ParquetColumn, file: string): PrimitiveType {
  const type = lakeTypeOf(column);
  if (!type) {
    const what = `column ${column.name} has a type that the lake does not hold`;
    throw brokenParquet(what, file, undefined, 'leave the column out of the file, or write it as text');
  }
  return type;
}

/** What to ask the decoder for: the layout's type, or string where the text is still to be read. */
function fieldsOf(footer: ParquetFooter, layout: readonly FieldRole[], file: string): Field[] {
  const fields = layout.map((field, i): Field => {
    const column = footer.columns[i]!;
    const stored = storedType(column, file);
    const type = stored === 'string' && field.type !== 'binary' ? 'string' : field.type;
    if (!readableAs(stored, type))
      throw brokenParquet(`column ${column.name} is ${stored}, not ${type}`, file);
    return { id: column.fieldId ?? -1, name: column.name, type, required: false };
  });
  // A column that cannot be found again would read as NULL.
  const found = columnsFor(footer, fields);
  if (found.length !== fields.length || found.some((at, i) => at !== i))
    throw brokenParquet('field ids on some columns only', file);
  return fields;
}

async function* batches(
  request: DecodeRequest,
  footer: ParquetFooter,
  layout: readonly FieldRole[],
  fields: readonly Field[],
): AsyncIterable<DecodedBatch> {
  const { file, batchRows, batchBytes } = request;
  const reader = new TypedRows(layout, request);
  for (let group = 0; group < footer.rowGroups.length; group++) {
    const batch = await readGroup(file, footer, group, fields);
    const step = Math.max(1, Math.min(batchRows, rowsWithin(footer, group, batchBytes)));
    for (let from = 0; from < batch.length; from += step) {
      yield reader.read(sliceBatch(batch, from, Math.min(from + step, batch.length)).columns);
    }
  }
}

/** Rows of a row group that take about `bytes`, by their mean. */
function rowsWithin(footer: ParquetFooter, group: number, bytes: number): number {
  const { columns, rows } = footer.rowGroups[group]!;
  const total = columns.reduce((sum: number, chunk) => sum + chunk.uncompressed, 0);
  return total <= bytes ? rows : Math.floor((rows * bytes) / total);
}

async function readGroup(
  file: SourceFile,
  footer: ParquetFooter,
  group: number,
  fields: readonly Field[],
): Promise<Batch> {
  const { start, end } = footer.rowGroups[group]!;
  const bytes = await file.range(start, end);
  return decoding(file.name, () => {
    const ranges = chunkRanges(footer, group, columnsFor(footer, fields));
    const chunks = ranges.map(range => bytes.subarray(range.start - start, range.end - start));
    return decodeRowGroup(footer, group, fields, chunks);
  });
}

/** TM_4206 says that the engine is lost, not the file. */
const FILE_FAULTS = new Set(['TM_4201', 'TM_4202', 'TM_4205', 'TM_4207']);

function decoding<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof TidemarkError) || !FILE_FAULTS.has(error.code)) throw error;
    const next = error.code === 'TM_4202' ? error.next : undefined;
    throw brokenParquet(`${error.what} (${error.where})`, file, error, next);
  }
}

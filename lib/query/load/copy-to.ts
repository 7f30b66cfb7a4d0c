import type { Field } from '../../columnar/types';
import { decimalOf } from '../../columnar/types';
import type { RowGroupLimits } from '../../ports/copy-engine';
import { quoteName, quoteText } from '../quote';

/** The engine handles rows by so many, and cuts row groups there. */
export const VECTOR_ROWS = 2048;

/**
 * As our own encoder writes: level 1 is a quarter faster than the engine's own choice and hardly larger, and of bloom
 * filters nobody here knows when row groups are copied into other files.
 */
const FORM = 'FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, WRITE_BLOOM_FILTER false';

/** COPY of a SELECT into a Parquet file with field ids, or a folder of one file a partition. */
export function copyToSql(
  sql: string,
  to: { readonly path: string; readonly fields: readonly Field[]; readonly partitions?: readonly string[] },
  rowGroupRows: number,
): string {
  const ids = to.fields.map(f => `${quoteName(f.name)}: ${f.id}`).join(', ');
  const by = to.partitions?.length ? `, PARTITION_BY (${to.partitions.join(', ')})` : '';
  return `COPY (${sql}\n) TO ${quoteText(to.path)} (${FORM}, ROW_GROUP_SIZE ${rowGroupRows}, FIELD_IDS {${ids}}${by})`;
}

/** Rows that tell how wide rows are. The engine holds all of them. */
const SAMPLE_ROWS_MAX = 10 * VECTOR_ROWS;
const SAMPLE_BYTES = 16 << 20;

/** How many rows tell it, of files that hold so many rows of so many bytes. */
export function sampleRows({ rows, bytes }: { readonly rows: number; readonly bytes: number }): number {
  return Math.max(1, Math.min(SAMPLE_ROWS_MAX, Math.floor((SAMPLE_BYTES * rows) / Math.max(bytes, 1))));
}

/** SELECT of the mean bytes of a row in memory, as our own batches count them, over the first rows. */
export function widthSql(sql: string, fields: readonly Field[], rows: number = SAMPLE_ROWS_MAX): string {
  const widths = fields.map(({ name, type }) => {
    if (type === 'string') return `4 + coalesce(strlen(${quoteName(name)}), 0)`;
    if (type === 'binary') return `4 + coalesce(octet_length(${quoteName(name)}), 0)`;
    return String(fixedWidth(type));
  });
  return `SELECT avg(${widths.join(' + ')}) FROM (SELECT * FROM (${sql}) LIMIT ${rows})`;
}

function fixedWidth(type: Field['type']): number {
  if (decimalOf(type)) return 16;
  if (type === 'boolean') return 1;
  return type === 'int' || type === 'date' || type === 'float' ? 4 : 8;
}

/** Rows of a row group of rows so wide. Never none: a row may be wider than a row group should be. */
export function rowGroupRows(width: number, limits: RowGroupLimits): number {
  const rows = Math.min(limits.rowGroupRowsMax, limits.rowGroupBytesMax / Math.max(width, 1));
  return Math.max(1, Math.floor(rows / VECTOR_ROWS)) * VECTOR_ROWS;
}

import type { FormatConfig } from './define';
import type { SourceTable } from './resolved';
import type { LakeShape } from './schema';

/** The column in which our own replication states a change's commit time. */
export const DMS_TIMESTAMP_COLUMN = 'dms_committed_at';

/** What our own replication writes into CSV for NULL: a text of a row may well be `NULL`. */
export const DMS_NULL_LITERAL = '\\N';

/** How a table's files are written by a replication of this config; undefined for a table that none feeds. */
export function dmsFormat(sources: LakeShape['sources'], from: SourceTable): FormatConfig | undefined {
  for (const source of Object.values(sources)) {
    if (source.kind !== 'dms-s3') continue;
    const schemas = from.schema === undefined ? Object.keys(source.schemas) : [from.schema];
    if (!schemas.some(schema => source.schemas[schema]?.includes(from.table))) continue;
    const header = source.fileFormat === 'csv' ? { header: true, nullLiteral: DMS_NULL_LITERAL } : {};
    return { timestampColumn: DMS_TIMESTAMP_COLUMN, ...header };
  }
  return undefined;
}

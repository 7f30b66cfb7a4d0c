import type { Column, Table, TableInput } from '@aws-sdk/client-glue';
import type { FieldJson, SchemaJson } from '../../iceberg/schema';
import { METADATA_LOCATION, PREVIOUS_METADATA_LOCATION, TABLE_TYPE } from './glue-entry';
import { hiveType } from './glue-type';

/** Glue's limit of a column's comment, in characters. */
const COMMENT_MAX = 255;

/** What a Glue entry repeats of a metadata file. */
export interface GlueMetadata {
  readonly location: string;
  readonly fields: readonly FieldJson[];
}

/** Columns as the metadata has them, of any type: a foreign engine may have added one that the lake does not know. */
export function readHeader(metadata: Uint8Array, location: string): GlueMetadata {
  const json = JSON.parse(Buffer.from(metadata).toString()) as {
    readonly location?: string;
    readonly schemas?: readonly SchemaJson[];
    readonly 'current-schema-id'?: number;
  };
  const current = json.schemas?.find(schema => schema['schema-id'] === json['current-schema-id']);
  return { location: json.location ?? location, fields: current?.fields ?? [] };
}

/**
 * The entry as Athena, Spark, Trino and PyIceberg read and write it. Everything else of the entry that was there
 * stays: parameters of other engines, description, owner, retention.
 */
export function tableInput(
  name: string,
  before: Table | undefined,
  { location, fields }: GlueMetadata,
  metadataLocation: string,
): TableInput {
  const previous = before?.Parameters?.[METADATA_LOCATION];
  return {
    ...kept(before),
    Name: name,
    TableType: 'EXTERNAL_TABLE',
    Parameters: {
      ...before?.Parameters,
      [TABLE_TYPE]: 'ICEBERG',
      [METADATA_LOCATION]: metadataLocation,
      ...(previous === undefined ? {} : { [PREVIOUS_METADATA_LOCATION]: previous }),
    },
    StorageDescriptor: { ...before?.StorageDescriptor, Location: location, Columns: fields.map(columnOf) },
  };
}

/** Of what GetTable gives, what UpdateTable takes: it replaces the whole, and refuses the rest. */
function kept(table: Table | undefined): Partial<TableInput> {
  if (!table) return {};
  const { Description, Owner, LastAccessTime, LastAnalyzedTime, Retention, PartitionKeys } = table;
  const { ViewOriginalText, ViewExpandedText, TargetTable } = table;
  return {
    Description,
    Owner,
    LastAccessTime,
    LastAnalyzedTime,
    Retention,
    PartitionKeys,
    ViewOriginalText,
    ViewExpandedText,
    TargetTable,
  };
}

function columnOf({ id, name, required, type, doc }: FieldJson): Column {
  return {
    Name: name,
    Type: hiveType(type),
    ...(doc === undefined ? {} : { Comment: doc.slice(0, COMMENT_MAX) }),
    Parameters: {
      'iceberg.field.id': String(id),
      'iceberg.field.optional': String(!required),
      'iceberg.field.current': 'true',
    },
  };
}

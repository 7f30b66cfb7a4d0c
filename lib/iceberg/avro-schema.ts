/**
 * The Avro schemas of manifests and manifest lists: field-id on every field, element-id on arrays, maps as
 * arrays of pairs with logicalType map; readers fail without any of these.
 * @see https://iceberg.apache.org/spec/#manifests and #manifest-lists
 */
import { decimalOf, type PrimitiveType } from '../columnar/types';
import type { AvroField, AvroLayout, AvroNode, AvroSchema } from './avro-type';
import { fixedWidth } from './decimal-bytes';
import type { PartitionField } from './partition';

const required = (name: string, id: number, type: AvroSchema): AvroField => ({ name, type, 'field-id': id });

const optional = (name: string, id: number, type: AvroSchema): AvroField => ({
  name,
  type: ['null', type],
  default: null,
  'field-id': id,
});

const record = (name: string, fields: readonly AvroField[]): AvroNode => ({ type: 'record', name, fields });

const list = (elementId: number, items: AvroSchema): AvroNode => ({
  type: 'array',
  items,
  'element-id': elementId,
});

const map = (key: number, value: number, valueType: AvroSchema): AvroNode => ({
  type: 'array',
  items: record(`k${key}_v${value}`, [required('key', key, 'int'), required('value', value, valueType)]),
  logicalType: 'map',
});

/** A manifest list's record. */
export const MANIFEST_FILE: AvroNode = record('manifest_file', [
  required('manifest_path', 500, 'string'),
  required('manifest_length', 501, 'long'),
  required('partition_spec_id', 502, 'int'),
  required('content', 517, 'int'),
  required('sequence_number', 515, 'long'),
  required('min_sequence_number', 516, 'long'),
  required('added_snapshot_id', 503, 'long'),
  required('added_files_count', 504, 'int'),
  required('existing_files_count', 505, 'int'),
  required('deleted_files_count', 506, 'int'),
  required('added_rows_count', 512, 'long'),
  required('existing_rows_count', 513, 'long'),
  required('deleted_rows_count', 514, 'long'),
  optional(
    'partitions',
    507,
    list(
      508,
      record('r508', [
        required('contains_null', 509, 'boolean'),
        optional('contains_nan', 518, 'boolean'),
        optional('lower_bound', 510, 'bytes'),
        optional('upper_bound', 511, 'bytes'),
      ]),
    ),
  ),
  optional('key_metadata', 519, 'bytes'),
]);

/** A manifest's record for a spec whose fields have these types. */
export function manifestEntrySchema(
  partition: readonly { field: PartitionField; type: PrimitiveType }[],
): AvroNode {
  return record('manifest_entry', [
    required('status', 0, 'int'),
    optional('snapshot_id', 1, 'long'),
    optional('sequence_number', 3, 'long'),
    optional('file_sequence_number', 4, 'long'),
    required('data_file', 2, dataFile(partition.map(({ field, type }) => partitionField(field, type)))),
  ]);
}

function dataFile(partition: readonly AvroField[]): AvroNode {
  return record('r2', [
    required('content', 134, 'int'),
    required('file_path', 100, 'string'),
    required('file_format', 101, 'string'),
    required('partition', 102, record('r102', partition)),
    required('record_count', 103, 'long'),
    required('file_size_in_bytes', 104, 'long'),
    optional('column_sizes', 108, map(117, 118, 'long')),
    optional('value_counts', 109, map(119, 120, 'long')),
    optional('null_value_counts', 110, map(121, 122, 'long')),
    optional('nan_value_counts', 137, map(138, 139, 'long')),
    optional('lower_bounds', 125, map(126, 127, 'bytes')),
    optional('upper_bounds', 128, map(129, 130, 'bytes')),
    optional('key_metadata', 131, 'bytes'),
    optional('split_offsets', 132, list(133, 'long')),
    optional('equality_ids', 135, list(136, 'int')),
    optional('sort_order_id', 140, 'int'),
    optional('referenced_data_file', 143, 'string'),
  ]);
}

function partitionField(field: PartitionField, type: PrimitiveType): AvroField {
  return optional(avroName(field.name), field['field-id'], avroType(type, field['field-id']));
}

function avroType(type: PrimitiveType, id: number): AvroSchema {
  const decimal = decimalOf(type);
  if (decimal) {
    const { precision, scale } = decimal;
    // Avro allows a name one definition, and two partition fields may have one decimal type: the id tells them apart.
    const name = `decimal_${precision}_${scale}_${id}`;
    return { type: 'fixed', name, size: fixedWidth(precision), logicalType: 'decimal', precision, scale };
  }
  switch (type) {
    case 'binary':
      return 'bytes';
    case 'date':
      return { type: 'int', logicalType: 'date' };
    case 'timestamp':
    case 'timestamptz':
      return { type: 'long', logicalType: 'timestamp-micros', 'adjust-to-utc': type === 'timestamptz' };
    default:
      return type;
  }
}

/** A column name as Avro allows it: what is no letter, digit or `_` becomes `_x` and its code, as in Java's writer. */
function avroName(name: string): string {
  const safe = name.replace(/[^A-Za-z0-9_]/g, c => `_x${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return /^[0-9]/.test(safe) ? `_${safe}` : safe;
}

/** Our names by field id, for files of any writer; snapshot ids and partition values are exact. */
export const LAYOUT: AvroLayout = {
  names: fieldNames([MANIFEST_FILE, manifestEntrySchema([])], new Map()),
  exact: new Set([1, 102, 503]),
};

function fieldNames(schemas: readonly AvroSchema[], names: Map<number, string>): Map<number, string> {
  for (const schema of schemas) {
    if (typeof schema === 'string') continue;
    if (Array.isArray(schema)) {
      fieldNames(schema, names);
      continue;
    }
    const node = schema as AvroNode;
    for (const f of node.fields ?? []) {
      names.set(f['field-id']!, f.name);
      fieldNames([f.type], names);
    }
    if (node.items) fieldNames([node.items], names);
  }
  return names;
}

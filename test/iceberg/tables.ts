import type { Field, Scalar } from '../../lib/columnar/types';
import { type DataFile, type ManifestEntry, noMetrics } from '../../lib/iceberg/data-file';
import { newMetadata, type Snapshot, type TableMetadata } from '../../lib/iceberg/metadata';
import { partitionSpec } from '../../lib/iceberg/partition';
import type { Schema } from '../../lib/iceberg/schema';

export const FIELDS: readonly Field[] = [
  { id: 1, name: 'id', type: 'int', required: true },
  { id: 2, name: 'name', type: 'string', required: false },
  { id: 3, name: 'ts', type: 'timestamp', required: false },
  { id: 4, name: 'price', type: 'decimal(9,2)', required: false },
];

export const SCHEMA: Schema = { 'schema-id': 0, fields: FIELDS, identifierFieldIds: [1] };

export function table(properties: Record<string, string> = {}): TableMetadata {
  return newMetadata({
    uuid: '6f3cf5b1-2c3a-4d0e-9f0a-111111111111',
    location: 's3://lake/t',
    schema: SCHEMA,
    spec: partitionSpec([{ column: 'ts', transform: 'month' }], FIELDS),
    properties,
    now: 1000,
  });
}

/** The next snapshot of a table. */
export function snapshotOn(
  md: TableMetadata,
  id: bigint,
  at: number,
  summary: Record<string, string> = {},
): Snapshot {
  const parent = md['current-snapshot-id'];
  return {
    'snapshot-id': id,
    ...(parent === -1n ? {} : { 'parent-snapshot-id': parent }),
    'sequence-number': md['last-sequence-number'] + 1,
    'timestamp-ms': at,
    'manifest-list': `s3://lake/t/metadata/snap-${id}.avro`,
    summary: { operation: 'append', ...summary },
  };
}

export function dataFile(
  path: string,
  partition: readonly Scalar[],
  extra: Partial<DataFile> = {},
): DataFile {
  return {
    content: 0,
    path,
    format: 'PARQUET',
    specId: 0,
    partition,
    recordCount: 10,
    size: 1000,
    metrics: noMetrics(),
    keyMetadata: null,
    equalityIds: null,
    sortOrderId: null,
    referencedDataFile: null,
    ...extra,
  };
}

export function added(file: DataFile): ManifestEntry {
  return { status: 'added', snapshotId: null, sequenceNumber: null, fileSequenceNumber: null, file };
}

import type { Field, Scalar } from '../columnar/types';
import { type PartitionSpec, partitionPath } from '../iceberg/partition';
import type { FilePlace } from './write-files';

/** Of a table: its folder, and what its files are written with. */
interface Shape {
  readonly name: string;
  readonly fields: readonly Field[];
  readonly spec: PartitionSpec;
  readonly sortOrderId: number | null;
}

/** Where new files of a partition of the current table are written. */
export function filePlace(
  { name, fields, spec, sortOrderId }: Shape,
  partition: readonly Scalar[],
): FilePlace {
  const path = partitionPath(spec, fields, partition);
  return {
    folder: path ? `${name}/data/${path}` : `${name}/data`,
    fields,
    specId: spec['spec-id'],
    partition,
    sortOrderId,
  };
}

import type { Scalar } from '../../columnar/types';
import { partitionKey } from '../../iceberg/partition-key';
import { compareValues } from '../../iceberg/single-value';
import { bytesOf, closedAt, numbered } from './groups';

/** What one group has of one partition. */
export interface Part {
  /** The group's number. */
  readonly group: number;
  /** Values of the table's partition fields, in their order; empty without partitions. */
  readonly partition: readonly Scalar[];
  readonly key: string;
  readonly bytes: number;
  readonly rows: number;
}

/** A data file of the current table that is to be made. */
export interface PackPlan {
  /** From 1, over all partitions. */
  readonly number: number;
  /** The number as it stands in names, so that they sort alike. */
  readonly id: string;
  readonly partition: readonly Scalar[];
  /** By group, then by key. */
  readonly parts: readonly Part[];
  readonly bytes: number;
  readonly rows: number;
}

/** Bytes of parts at which a pack closes, where the table's config says no other. */
export const PACK_BYTES = 128 << 20;

/**
 * The parts of each partition, cut where a pack's size reaches the target; the last of a partition may be smaller.
 * Partitions come in the order of their values: the order in which a grouping finds them differs from run to run, and
 * numbers would name other files after a restart.
 */
export function planPacks(parts: readonly Part[], targetBytes: number = PACK_BYTES): PackPlan[] {
  const partitions = new Map<string, Part[]>();
  for (const part of parts) {
    const key = partitionKey({ specId: 0, partition: part.partition });
    const same = partitions.get(key);
    if (same) same.push(part);
    else partitions.set(key, [part]);
  }
  const ordered = [...partitions.values()].sort((a, b) =>
    comparePartitions(a[0]!.partition, b[0]!.partition),
  );
  const packs = ordered.flatMap(own => closedAt(own.sort(byGroup), targetBytes));
  return packs.map((pack, i) => ({
    number: i + 1,
    id: numbered(i + 1),
    partition: pack[0]!.partition,
    parts: pack,
    bytes: bytesOf(pack),
    rows: pack.reduce((sum, { rows }) => sum + rows, 0),
  }));
}

function byGroup(a: Part, b: Part): number {
  return a.group - b.group || compareValues('string', a.key, b.key);
}

/** Value by value, NULL first. */
function comparePartitions(a: readonly Scalar[], b: readonly Scalar[]): number {
  for (let i = 0; i < a.length; i++) {
    const order = compareScalars(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return 0;
}

function compareScalars(a: Scalar, b: Scalar): number {
  if (a === null || b === null) return Number(b === null) - Number(a === null);
  if (typeof a === 'string') return compareValues('string', a, b);
  if (a instanceof Uint8Array) return compareValues('binary', a, b);
  return compareValues(typeof a === 'number' ? 'double' : 'long', a, b);
}

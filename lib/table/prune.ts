import { encodeKeys, type Keys, lowerBoundOf, upperBoundOf } from '../change/key-order';
import { columnFromScalars } from '../columnar/kernels';
import type { Field, Scalar } from '../columnar/types';
import type { DataFile } from '../iceberg/data-file';
import { decodeValue } from '../iceberg/single-value';
import type { ParquetFooter } from '../parquet/footer';
import { rowGroupBounds } from '../parquet/metrics';

/** Least and greatest value of a column in a file or row group; either may be unknown. */
export interface Range {
  readonly min: Scalar;
  readonly max: Scalar;
}

/**
 * Looks for sorted keys in files and row groups by the bounds of the first key column alone. Unknown bounds match:
 * pruning may only ever leave out what cannot hold a key.
 */
export class KeyRange {
  private readonly keys: Keys;

  /** `firsts` are the keys' first columns, in the order of the keys. */
  constructor(
    private readonly field: Field,
    firsts: Parameters<typeof encodeKeys>[0][number],
  ) {
    this.keys = encodeKeys([firsts], firsts.length);
  }

  /** The keys [from, to) that may stand within the range. */
  within(range: Range | undefined): { from: number; to: number } {
    if (!range) return { from: 0, to: this.keys.length };
    const from = range.min === null ? 0 : lowerBoundOf(this.keys, this.encode(range.min), 0);
    const to =
      range.max === null ? this.keys.length : upperBoundOf(this.keys, this.encode(range.max), 0, from);
    return { from, to };
  }

  ofFile(file: DataFile): { from: number; to: number } {
    const { lower, upper } = file.metrics;
    const min = lower.get(this.field.id);
    const max = upper.get(this.field.id);
    return this.within({
      min: min ? decodeValue(this.field.type, min) : null,
      max: max ? decodeValue(this.field.type, max) : null,
    });
  }

  ofRowGroup(footer: ParquetFooter, rowGroup: number): { from: number; to: number } {
    return this.within(rowGroupBounds(footer, rowGroup, this.field));
  }

  private encode(value: Scalar): Keys {
    return encodeKeys([columnFromScalars(this.field.type, [value])], 1);
  }
}

/** Whether a file may have a value of a column at or beyond one; without bounds it may. */
export function fileReaches({ metrics }: DataFile, { id, type }: Field, least: bigint): boolean {
  const upper = metrics.upper.get(id);
  return !upper || (decodeValue(type, upper) as bigint) >= least;
}

/** The same of a row group. */
export function rowGroupReaches(
  footer: ParquetFooter,
  rowGroup: number,
  field: Field,
  least: bigint,
): boolean {
  const max = rowGroupBounds(footer, rowGroup, field)?.max;
  return typeof max !== 'bigint' || max >= least;
}

import type { Field, Scalar } from '../columnar/types';
import { lowerBound, upperBound } from '../iceberg/bounds';
import type { FileMetrics } from '../iceberg/data-file';
import { compareValues } from '../iceberg/single-value';
import { columnIndex } from './column';
import { parquetCorrupt } from './errors';
import type { ParquetFooter } from './footer';
import { statisticValue } from './statistics';

type Value = Exclude<Scalar, null>;

/** Every value that is not NULL or NaN stands in [min, max]; both NULL if all values are. nulls: undefined if unknown. */
export interface RowGroupBounds {
  readonly min: Scalar;
  readonly max: Scalar;
  readonly nulls: number | undefined;
}

/**
 * What a row group's statistics say of a field, in the field's type. The bounds need not occur: long strings are
 * cut. A field the file has not is NULL throughout. Undefined if the statistics are missing or not understood.
 */
export function rowGroupBounds(
  footer: ParquetFooter,
  rowGroup: number,
  field: Field,
): RowGroupBounds | undefined {
  const group = footer.rowGroups[rowGroup];
  if (!group) throw parquetCorrupt(`no row group ${rowGroup} of ${footer.rowGroups.length}`);
  const at = columnIndex(footer.columns, field);
  if (at === undefined) return { min: null, max: null, nulls: group.rows };
  const chunk = group.columns[at]!;
  const { nulls } = chunk;
  if (nulls === chunk.values) return { min: null, max: null, nulls };
  if (!chunk.min || !chunk.max) return undefined;
  const min = statisticValue(footer.columns[at]!, field.type, chunk.min, 'min');
  const max = statisticValue(footer.columns[at]!, field.type, chunk.max, 'max');
  return min === undefined || max === undefined ? undefined : { min, max, nulls };
}

/**
 * Bounds of a row group in which no value is NULL, of a type whose values all engines order alike: of floats there are
 * none, with their two zeros and NaN.
 */
export function rowGroupSpan(
  footer: ParquetFooter,
  rowGroup: number,
  field: Field,
): { readonly min: Value; readonly max: Value } | undefined {
  if (field.type === 'float' || field.type === 'double') return undefined;
  const bounds = rowGroupBounds(footer, rowGroup, field);
  if (bounds?.nulls !== 0 || bounds.min === null || bounds.max === null) return undefined;
  return { min: bounds.min, max: bounds.max };
}

/**
 * A file's Iceberg metrics from its footer alone. Fields the file has not have none; NaN counts are not in a footer.
 * Bounds of strings and binaries are cut to Iceberg's 16.
 * @see https://iceberg.apache.org/spec/#manifests, data_file
 */
export function fileMetrics(footer: ParquetFooter, fields: readonly Field[]): FileMetrics {
  const metrics = {
    columnSizes: new Map<number, number>(),
    valueCounts: new Map<number, number>(),
    nullCounts: new Map<number, number>(),
    lower: new Map<number, Uint8Array>(),
    upper: new Map<number, Uint8Array>(),
    splitOffsets: footer.rowGroups.map(g => g.start),
  };
  for (const field of fields) {
    const at = columnIndex(footer.columns, field);
    if (at === undefined) continue;
    const chunks = footer.rowGroups.map(g => g.columns[at]!);
    metrics.columnSizes.set(field.id, sum(chunks.map(c => c.size)));
    metrics.valueCounts.set(field.id, sum(chunks.map(c => c.values)));
    const nulls = chunks.map(c => c.nulls);
    if (!nulls.includes(undefined)) metrics.nullCounts.set(field.id, sum(nulls as number[]));
    const bounds = fileBounds(footer, field);
    if (!bounds) continue;
    metrics.lower.set(field.id, lowerBound(field.type, bounds.min));
    const upper = upperBound(field.type, bounds.max);
    if (upper) metrics.upper.set(field.id, upper);
  }
  return metrics;
}

/** The bounds over all row groups; one without known bounds leaves the file without. */
function fileBounds(footer: ParquetFooter, field: Field): { min: Value; max: Value } | undefined {
  let all: { min: Value; max: Value } | undefined;
  for (let i = 0; i < footer.rowGroups.length; i++) {
    const bounds = rowGroupBounds(footer, i, field);
    if (!bounds) return undefined;
    const { min, max } = bounds;
    if (min === null || max === null) continue;
    if (!all) all = { min, max };
    if (compareValues(field.type, min, all.min) < 0) all.min = min;
    if (compareValues(field.type, max, all.max) > 0) all.max = max;
  }
  return all;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}

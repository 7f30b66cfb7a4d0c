import type { Column } from '../columnar/column';
import { valueAt } from '../columnar/kernels';

/** Values looked at, spread over the column. */
const SAMPLE_VALUES_MAX = 512;

/**
 * True if at most half of the column's values seem to be different: a dictionary then makes it smaller and quicker
 * to read. Keys, times and other values that seldom repeat are larger with one, and take twice the time to encode.
 */
export function repeats(column: Column): boolean {
  if (column.type === 'boolean') return false;
  const step = Math.max(1, Math.floor(column.length / SAMPLE_VALUES_MAX));
  const different = new Set<unknown>();
  let seen = 0;
  for (let i = 0; i < column.length; i += step) {
    const value = valueAt(column, i);
    if (value === null) continue;
    seen++;
    different.add(value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value);
  }
  return different.size * 2 <= seen;
}

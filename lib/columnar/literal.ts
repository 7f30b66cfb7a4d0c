import { ColumnBuilder } from './builder';
import { valueAt } from './kernels';
import { parseInto } from './parse-text';
import type { PrimitiveType, Scalar } from './types';

/**
 * The value that a config names, as it stands in a column of the type; undefined where no value of the column is meant.
 * Binary columns have none: nothing says how their bytes would be written.
 */
export function literal(value: string | number | boolean | null, type: PrimitiveType): Scalar | undefined {
  if (value === null) return null;
  if (type === 'binary') return undefined;
  const text = Buffer.from(String(value));
  const builder = new ColumnBuilder(type, 1);
  const fault = parseInto(builder, type, text, 0, text.length);
  return fault ? undefined : valueAt(builder.finish(), 0);
}

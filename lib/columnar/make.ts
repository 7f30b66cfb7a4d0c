import { ColumnBuilder } from './builder';
import type { Column } from './column';
import { gather } from './gather';
import { allocateValues, isVarType } from './layout';
import type { PrimitiveType, Scalar } from './types';

/** `length` NULLs. */
export function nullColumn(type: PrimitiveType, length: number): Column {
  const valid = new Uint8Array(length);
  if (isVarType(type)) {
    return { kind: 'var', type, length, valid, offsets: new Int32Array(length + 1), data: new Uint8Array(0) };
  }
  return { kind: 'fixed', type, length, valid, values: allocateValues(type, length) };
}

/** `length` times one value. */
export function constantColumn(type: PrimitiveType, value: Scalar, length: number): Column {
  if (value === null) return nullColumn(type, length);
  return gather(columnFromScalars(type, [value]), new Uint32Array(length));
}

/** A column of scalars, for tests and small things. Throws TM_4103 if a value is not of the type. */
export function columnFromScalars(type: PrimitiveType, values: readonly Scalar[]): Column {
  const builder = new ColumnBuilder(type, values.length);
  for (const v of values) v === null ? builder.appendNull() : builder.append(v);
  return builder.finish();
}

import type * as Arrow from 'apache-arrow';
import { unpackBits } from './bits';
import type { FixedColumn } from './column';
import type { FixedType, FixedValues } from './layout';

/** One byte a value; undefined if none is NULL. */
export function validOf(data: Arrow.Data): Uint8Array | undefined {
  return data.nullCount > 0 ? unpackBits(data.nullBitmap!, data.offset, data.length) : undefined;
}

/** A column of the data's length and NULLs with these values. */
export function fixed(data: Arrow.Data, type: FixedType, values: FixedValues): FixedColumn {
  return { kind: 'fixed', type, length: data.length, valid: validOf(data), values };
}

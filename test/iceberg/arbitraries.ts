import fc from 'fast-check';
import type { PrimitiveType, Scalar } from '../../lib/columnar/types';
import { anyText } from '../support/any-text';

export const TYPES: readonly PrimitiveType[] = [
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'date',
  'timestamp',
  'timestamptz',
  'string',
  'binary',
  'decimal(9,2)',
  'decimal(38,10)',
];

export const text = anyText({ maxLength: 40 });
export const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
export const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

/** Any value of a type, extremes included. */
export function anyOf(type: PrimitiveType): fc.Arbitrary<Exclude<Scalar, null>> {
  switch (type) {
    case 'boolean':
      return fc.boolean();
    case 'int':
    case 'date':
      return int32;
    case 'long':
    case 'timestamp':
    case 'timestamptz':
      return int64;
    case 'float':
      return fc.float();
    case 'double':
      return fc.double();
    case 'string':
      return text;
    case 'binary':
      return fc.uint8Array({ maxLength: 40 });
    case 'decimal(9,2)':
      return fc.bigInt({ min: -(10n ** 9n) + 1n, max: 10n ** 9n - 1n });
    default:
      return fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n });
  }
}

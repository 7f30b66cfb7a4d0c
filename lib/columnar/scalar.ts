import { valueOutOfType } from './errors';
import { decimalOf, type PrimitiveType, type Scalar } from './types';

/** Throws TM_4103 unless the value is one of the type: typed arrays would wrap it silently. */
export function checkScalar(type: PrimitiveType, value: Exclude<Scalar, null>): void {
  if (!isScalarOf(type, value)) throw valueOutOfType(type, value);
}

function isScalarOf(type: PrimitiveType, value: Exclude<Scalar, null>): boolean {
  switch (type) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'int':
    case 'date':
      return typeof value === 'number' && (value | 0) === value;
    case 'float':
      return typeof value === 'number' && (!Number.isFinite(value) || Number.isFinite(Math.fround(value)));
    case 'double':
      return typeof value === 'number';
    case 'long':
    case 'timestamp':
    case 'timestamptz':
      return typeof value === 'bigint' && BigInt.asIntN(64, value) === value;
    case 'string':
      return typeof value === 'string' && !/\p{Surrogate}/u.test(value);
    case 'binary':
      return value instanceof Uint8Array;
    default:
      return typeof value === 'bigint' && fitsPrecision(value, decimalOf(type)!.precision);
  }
}

/** True if the unscaled integer has at most `precision` digits. */
export function fitsPrecision(unscaled: bigint, precision: number): boolean {
  const limit = 10n ** BigInt(precision);
  return unscaled < limit && unscaled > -limit;
}

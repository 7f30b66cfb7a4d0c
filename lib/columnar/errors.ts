import { TidemarkError } from '../errors';
import type { PrimitiveType } from './types';

/** TM_4101: columns that must have one type or one length do not; a caller mixed up columns of different fields. */
export function columnsDiffer(where: string, expected: string, found: string): TidemarkError {
  return new TidemarkError(
    'TM_4101',
    `expected ${expected}, found ${found}`,
    where,
    'report this as a defect',
  );
}

/** TM_4102: a column's type may not become the other: only int -> long, float -> double and a higher decimal precision are widenings. */
export function castRefused(from: PrimitiveType, to: PrimitiveType, where = 'column'): TidemarkError {
  return new TidemarkError(
    'TM_4102',
    `${from} does not widen to ${to}`,
    where,
    'declare a retype of the column',
  );
}

/** TM_4103: a value does not fit its column's type (range, precision, or the kind of value). */
export function valueOutOfType(type: PrimitiveType, value: unknown): TidemarkError {
  const shown = typeof value === 'bigint' ? `${value}` : String(value).slice(0, 80);
  return new TidemarkError(
    'TM_4103',
    `${shown} (${typeof value}) is no ${type}`,
    'value',
    'declare a wider type',
  );
}

/** TM_4104: the strings of one column would take 2 GiB or more; offsets are 32 bits. */
export function columnTooLarge(bytes: number): TidemarkError {
  return new TidemarkError('TM_4104', `a column of ${bytes} bytes`, 'batch', 'work with fewer rows a batch');
}

/** TM_4105: an Arrow type that has no counterpart in the lake (time, interval, nested, 256-bit decimals ...). */
export function arrowTypeUnknown(type: string, where: string): TidemarkError {
  return new TidemarkError(
    'TM_4105',
    `Arrow type ${type} has no lake type`,
    where,
    'cast the column where it is written',
  );
}

/** TM_4106: an Arrow value cannot be kept exactly (nanoseconds that are no whole microseconds, a timestamp out of 64 bits). */
export function arrowValueInexact(value: bigint, unit: string, where: string): TidemarkError {
  return new TidemarkError(
    'TM_4106',
    `${value} ${unit} is not exact in microseconds`,
    where,
    'round it where it is written',
  );
}

import { decimalOf, type PrimitiveType, type Scalar } from '../columnar/types';
import { daysOfMicros, hoursOfMicros, monthsOfDay, yearsOfDay } from './calendar';
import { murmur3, murmur3Long } from './murmur3';
import { encodeValue } from './single-value';
import { checkTransform, parseTransform, type Transform } from './transform-kind';

export { transformColumn } from './transform-column';
export { checkTransform, type Transform, transformResult } from './transform-kind';

/**
 * A transform of one value: an int for bucket, year, month and hour, a date for day, else a value of the
 * column's own type. NULL gives NULL. Throws TM_4003 or TM_4004 if the type does not have the transform.
 */
export function applyTransform(t: Transform, type: PrimitiveType, v: Scalar): Scalar {
  checkTransform(t, type);
  const { kind, width } = parseTransform(t);
  if (v === null || kind === 'void') return null;
  switch (kind) {
    case 'identity':
      return v;
    case 'bucket':
      return (hash(type, v) & 0x7fffffff) % width;
    case 'truncate':
      return truncate(type, v, width);
    case 'hour':
      return hoursOfMicros(lowWord(v as bigint), highWord(v as bigint));
    default: {
      const day = typeof v === 'number' ? v : daysOfMicros(lowWord(v as bigint), highWord(v as bigint));
      return kind === 'day' ? day : kind === 'month' ? monthsOfDay(day) : yearsOfDay(day);
    }
  }
}

/** int and date hash as the long of their value, so that widening a column moves no row. */
function hash(type: PrimitiveType, v: Exclude<Scalar, null>): number {
  if (typeof v === 'number') return murmur3Long(v, v >> 31);
  if (typeof v === 'bigint' && !decimalOf(type)) return murmur3Long(lowWord(v), highWord(v));
  return murmur3(encodeValue(type, v));
}

function truncate(type: PrimitiveType, v: Exclude<Scalar, null>, width: number): Scalar {
  if (typeof v === 'string') return headOf(v, width);
  if (typeof v === 'number') return (v - (((v % width) + width) % width)) | 0;
  if (typeof v !== 'bigint') return Uint8Array.from((v as Uint8Array).subarray(0, width));
  const w = BigInt(width);
  const cut = v - (((v % w) + w) % w);
  return type === 'long' ? BigInt.asIntN(64, cut) : cut;
}

function headOf(v: string, codePoints: number): string {
  if (v.length <= codePoints) return v;
  let end = 0;
  for (let n = 0; n < codePoints && end < v.length; n++) end += v.codePointAt(end)! > 0xffff ? 2 : 1;
  return v.slice(0, end);
}

function lowWord(v: bigint): number {
  return Number(BigInt.asIntN(32, v));
}

function highWord(v: bigint): number {
  return Number(BigInt.asIntN(32, v >> 32n));
}

/**
 * Column bounds of a data file: whole values, except that strings and binaries are cut, as the reference
 * implementation does by default (`write.metadata.metrics.default` = truncate(16)).
 */
import type { PrimitiveType, Scalar } from '../columnar/types';
import { encodeValue } from './single-value';

/** Code points of a string, bytes of a binary, that a bound keeps. */
const BOUND_LENGTH_MAX = 16;

const CODE_POINT_MAX = 0x10ffff;

/** Bytes that stand at or before every value at or after `v`. NaN is never a bound: leave it out before. */
export function lowerBound(type: PrimitiveType, v: Exclude<Scalar, null>): Uint8Array {
  if (type === 'string') return encodeValue(type, head(v as string));
  if (type === 'binary') return Uint8Array.from((v as Uint8Array).subarray(0, BOUND_LENGTH_MAX));
  return encodeValue(type, v);
}

/** Bytes that stand at or after every value at or before `v`; undefined when a cut value has none so short. */
export function upperBound(type: PrimitiveType, v: Exclude<Scalar, null>): Uint8Array | undefined {
  if (type === 'string') {
    const start = head(v as string);
    const above = start === v ? start : nextText(start);
    return above === undefined ? undefined : encodeValue(type, above);
  }
  if (type === 'binary' && (v as Uint8Array).length > BOUND_LENGTH_MAX) {
    return nextBytes(Uint8Array.from((v as Uint8Array).subarray(0, BOUND_LENGTH_MAX)));
  }
  return encodeValue(type, v);
}

/** The first 16 code points: cutting UTF-16 units would leave half a character. */
function head(v: string): string {
  let end = 0;
  for (let n = 0; n < BOUND_LENGTH_MAX && end < v.length; n++) end += v.codePointAt(end)! > 0xffff ? 2 : 1;
  return v.slice(0, end);
}

/** The least string of its length or shorter above everything that starts so: last code point that can grow, grown. */
function nextText(start: string): string | undefined {
  const points = Array.from(start, c => c.codePointAt(0)!);
  for (let i = points.length - 1; i >= 0; i--) {
    const grown = points[i]! + 1 === 0xd800 ? 0xe000 : points[i]! + 1;
    if (grown <= CODE_POINT_MAX) return String.fromCodePoint(...points.slice(0, i), grown);
  }
  return undefined;
}

function nextBytes(start: Uint8Array): Uint8Array | undefined {
  for (let i = start.length - 1; i >= 0; i--) {
    if (start[i]! < 255) {
      start[i] = start[i]! + 1;
      return start.subarray(0, i + 1);
    }
  }
  return undefined;
}

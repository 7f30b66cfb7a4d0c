import type { ColumnBuilder } from './builder';
import { decimalOf, type PrimitiveType } from './types';

/** Reads the text [from, to) into the builder; answers why it cannot, and then has appended nothing. */
export type TextReader = (
  builder: ColumnBuilder,
  bytes: Uint8Array,
  from: number,
  to: number,
) => string | undefined;

/** The text has not the form of its type; a reason that says no more than that is the empty string. */
export const MALFORMED = '';
export const OUT_OF_RANGE = 'out of range';

const PLUS = 43;
const COMMA = 44;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
/** Sums of 15 digits are exact in a double. */
const EXACT_DIGITS = 15;
/** Powers of ten up to here are exact doubles, so one division of exact numbers rounds once. */
const EXACT_POWERS = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/** The number that the digits [from, to) write, at most 15 of them. -1: a byte is not a digit. */
export function digits(bytes: Uint8Array, from: number, to: number): number {
  let n = 0;
  for (let i = from; i < to; i++) {
    const digit = bytes[i]! - ZERO;
    if (digit < 0 || digit > 9) return -1;
    n = n * 10 + digit;
  }
  return n;
}

/** As digits, for any number of them: in parts of 15. undefined: a byte is not a digit. */
function bigDigits(bytes: Uint8Array, from: number, to: number): bigint | undefined {
  let n = 0n;
  for (let i = from; i < to; i += EXACT_DIGITS) {
    const end = Math.min(i + EXACT_DIGITS, to);
    const part = digits(bytes, i, end);
    if (part < 0) return undefined;
    n = n * 10n ** BigInt(end - i) + BigInt(part);
  }
  return n;
}

function isSign(byte: number | undefined): boolean {
  return byte === MINUS || byte === PLUS;
}

/** First byte in [from, to) that is not a leading zero; the last digit stays. */
function skipZeros(bytes: Uint8Array, from: number, to: number): number {
  let i = from;
  while (i < to - 1 && bytes[i] === ZERO) i++;
  return i;
}

/** int: 32 bits, never wrapped. */
export const readInt: TextReader = (builder, bytes, from, to) => {
  const start = skipZeros(bytes, isSign(bytes[from]) ? from + 1 : from, to);
  if (start >= to) return MALFORMED;
  const n = digits(bytes, start, Math.min(to, start + EXACT_DIGITS));
  if (n < 0) return MALFORMED;
  const value = bytes[from] === MINUS ? -n : n;
  if (to - start > 10 || value !== (value | 0)) return overlong(bytes, start, to);
  builder.appendNumber(value | 0);
  return undefined;
};

/** long: 64 bits, exact past 2^53, never wrapped. */
export const readLong: TextReader = (builder, bytes, from, to) => {
  const start = skipZeros(bytes, isSign(bytes[from]) ? from + 1 : from, to);
  if (start >= to) return MALFORMED;
  if (to - start <= EXACT_DIGITS) {
    const n = digits(bytes, start, to);
    if (n < 0) return MALFORMED;
    builder.appendLong(BigInt(bytes[from] === MINUS ? -n : n));
    return undefined;
  }
  if (to - start > 19) return overlong(bytes, start, to);
  const magnitude = bigDigits(bytes, start, to);
  if (magnitude === undefined) return MALFORMED;
  const value = bytes[from] === MINUS ? -magnitude : magnitude;
  if (BigInt.asIntN(64, value) !== value) return OUT_OF_RANGE;
  builder.appendLong(value);
  return undefined;
};

/** Why a text with too many digits is refused: it may not even be a number. */
function overlong(bytes: Uint8Array, from: number, to: number): string {
  for (let i = from; i < to; i++) if (digits(bytes, i, i + 1) < 0) return MALFORMED;
  return OUT_OF_RANGE;
}

/** decimal(p,s): no digit is ever rounded away; zeros past the scale are no digits. Scientific notation is refused. */
export function decimalReader(type: PrimitiveType, decimalComma: boolean): TextReader {
  const { precision, scale } = decimalOf(type)!;
  const point = decimalComma ? COMMA : POINT;
  const powers = Array.from({ length: scale + 1 }, (_, i) => 10n ** BigInt(i));
  return (builder, bytes, from, to) => {
    const first = isSign(bytes[from]) ? from + 1 : from;
    let dot = first;
    while (dot < to && bytes[dot] !== point) dot++;
    let end = to;
    while (end > dot + 1 && bytes[end - 1] === ZERO) end--;
    const fraction = Math.max(0, end - dot - 1);
    if (first === to || (dot === first && to - dot <= 1)) return MALFORMED;
    const start = dot > first ? skipZeros(bytes, first, dot) : first;
    const whole = bytes[start] === ZERO ? 0 : dot - start;
    if (fraction <= scale && dot - start + scale <= EXACT_DIGITS) {
      const a = digits(bytes, start, dot);
      const b = digits(bytes, dot + 1, dot + 1 + fraction);
      if (a < 0 || b < 0) return MALFORMED;
      if (whole > precision - scale) return OUT_OF_RANGE;
      const small = a * EXACT_POWERS[scale]! + b * EXACT_POWERS[scale - fraction]!;
      const negative = bytes[from] === MINUS && small > 0;
      builder.appendDecimal(BigInt(negative ? -small : small), negative ? -1n : 0n);
      return undefined;
    }
    const a = bigDigits(bytes, start, dot);
    const b = bigDigits(bytes, dot + 1, dot + 1 + fraction);
    if (a === undefined || b === undefined) return MALFORMED;
    if (fraction > scale) return `more than ${scale} fraction digits`;
    if (whole > precision - scale) return OUT_OF_RANGE;
    const unscaled = a * powers[scale]! + b * powers[scale - fraction]!;
    const value = bytes[from] === MINUS ? -unscaled : unscaled;
    builder.appendDecimal(BigInt.asIntN(64, value), value >> 64n);
    return undefined;
  };
}

const DOUBLE = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
const NOT_FINITE = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

/** float, double: the nearest value. A finite text that would become infinite is refused. */
export function doubleReader(type: 'float' | 'double', decimalComma: boolean): TextReader {
  const point = decimalComma ? COMMA : POINT;
  return (builder, bytes, from, to) => {
    const simple = simpleDouble(bytes, from, to, point);
    if (simple !== undefined) {
      builder.appendNumber(simple);
      return undefined;
    }
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
    const special = NOT_FINITE.get(text);
    const dotted = decimalComma && !text.includes('.') ? text.replace(',', '.') : text;
    if (special === undefined && (!DOUBLE.test(dotted) || (decimalComma && text.includes('.'))))
      return MALFORMED;
    const value = special ?? Number(dotted);
    if (special === undefined && !Number.isFinite(type === 'float' ? Math.fround(value) : value))
      return OUT_OF_RANGE;
    builder.appendNumber(value);
    return undefined;
  };
}

/**
 * The value of at most 15 digits with at most one point: an exact integer over an exact power of ten, rounded
 * once by the division and so the nearest double (Clinger 1990, the fast path). undefined: another form.
 */
function simpleDouble(bytes: Uint8Array, from: number, to: number, point: number): number | undefined {
  const first = isSign(bytes[from]) ? from + 1 : from;
  const count = to - first;
  if (count < 1 || count > EXACT_DIGITS) return undefined;
  let n = 0;
  let dot = -1;
  for (let i = first; i < to; i++) {
    const digit = bytes[i]! - ZERO;
    if (digit >= 0 && digit <= 9) n = n * 10 + digit;
    else if (bytes[i] === point && dot < 0) dot = i;
    else return undefined;
  }
  if (dot >= 0 && count === 1) return undefined;
  const magnitude = dot < 0 ? n : n / EXACT_POWERS[to - dot - 1]!;
  return bytes[from] === MINUS ? -magnitude : magnitude;
}

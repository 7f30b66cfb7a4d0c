import { isUtf8 } from 'node:buffer';
import type { ColumnBuilder } from './builder';
import { decimalReader, doubleReader, MALFORMED, readInt, readLong, type TextReader } from './parse-number';
import { readDate, readTimestamp } from './parse-time';
import type { PrimitiveType } from './types';

export type { TextReader } from './parse-number';

/** How values are written where that differs from file to file. */
export interface TextOptions {
  /** Numbers have a decimal comma instead of a point. Default: false. */
  readonly decimalComma?: boolean;
  /** The caller has checked that the bytes are UTF-8, so strings are copied as they are. Default: false. */
  readonly utf8Checked?: boolean;
}

/** Why a text is not a value of its type. */
export interface ParseFault {
  readonly kind: 'value' | 'utf8';
  readonly reason: string;
}

const EXCERPT_BYTES = 60;
const SPACE = 32;

/**
 * Reads text as one value of `type` and appends it; what cannot be read exactly is a fault, and then nothing
 * is appended. Nothing is rounded, wrapped or replaced. Spaces around a value are ignored, in strings and
 * binaries they count. NULL is the caller's affair.
 */
export function parseInto(
  builder: ColumnBuilder,
  type: PrimitiveType,
  bytes: Uint8Array,
  from: number,
  to: number,
  options: TextOptions = {},
): ParseFault | undefined {
  const why = textReader(type, options)(builder, bytes, from, to);
  return why === undefined ? undefined : parseFault(type, bytes, from, to, why);
}

/** The fault for a text that a reader refused with `why`. */
export function parseFault(
  type: PrimitiveType,
  bytes: Uint8Array,
  from: number,
  to: number,
  why: string,
): ParseFault {
  const cut = to - from > EXCERPT_BYTES;
  const text = Buffer.from(bytes.subarray(from, cut ? from + EXCERPT_BYTES : to)).toString('utf8');
  const shown = `"${text}${cut ? '...' : ''}"`;
  if (why === NOT_UTF8) return { kind: 'utf8', reason: `${shown} is not valid UTF-8` };
  return { kind: 'value', reason: `${shown} is not ${type}${why === MALFORMED ? '' : `: ${why}`}` };
}

/** What reads a column's texts. Make it once a column: parsing a decimal's type costs more than a value. */
export function textReader(type: PrimitiveType, options: TextOptions): TextReader {
  const comma = options.decimalComma ?? false;
  switch (type) {
    case 'string':
      return options.utf8Checked ? readCheckedString : readString;
    case 'binary':
      return readBinary;
    case 'boolean':
      return trimmed(readBoolean);
    case 'int':
      return trimmed(readInt);
    case 'long':
      return trimmed(readLong);
    case 'float':
    case 'double':
      return trimmed(doubleReader(type, comma));
    case 'date':
      return trimmed(readDate);
    case 'timestamp':
    case 'timestamptz':
      return trimmed(readTimestamp);
    default:
      return trimmed(decimalReader(type, comma));
  }
}

function trimmed(read: TextReader): TextReader {
  return (builder, bytes, from, to) => {
    let start = from;
    let end = to;
    while (start < end && bytes[start] === SPACE) start++;
    while (end > start && bytes[end - 1] === SPACE) end--;
    return read(builder, bytes, start, end);
  };
}

const NOT_UTF8 = 'invalid UTF-8';

const readCheckedString: TextReader = (builder, bytes, from, to) => {
  builder.appendBytes(bytes, from, to);
  return undefined;
};

const readString: TextReader = (builder, bytes, from, to) => {
  if (!isUtf8(bytes.subarray(from, to))) return NOT_UTF8;
  builder.appendBytes(bytes, from, to);
  return undefined;
};

const BOOLEANS = new Map([
  ['true', true],
  ['t', true],
  ['yes', true],
  ['1', true],
  ['false', false],
  ['f', false],
  ['no', false],
  ['0', false],
]);

const readBoolean: TextReader = (builder, bytes, from, to) => {
  if (to - from > 5) return MALFORMED;
  let text = '';
  for (let i = from; i < to; i++) text += String.fromCharCode(bytes[i]!);
  const value = BOOLEANS.get(text.toLowerCase());
  if (value === undefined) return MALFORMED;
  builder.appendBoolean(value);
  return undefined;
};

/** Hex digits, with or without 0x before them, as DMS writes binaries. */
const readBinary: TextReader = (builder, bytes, from, to) => {
  const prefixed = bytes[from] === 0x30 && (bytes[from + 1]! | 0x20) === 0x78 && to - from >= 2;
  const start = prefixed ? from + 2 : from;
  if ((to - start) % 2 !== 0) return MALFORMED;
  const value = new Uint8Array((to - start) / 2);
  for (let i = 0; i < value.length; i++) {
    const high = hexDigit(bytes[start + 2 * i]!);
    const low = hexDigit(bytes[start + 2 * i + 1]!);
    if (high < 0 || low < 0) return MALFORMED;
    value[i] = high * 16 + low;
  }
  builder.appendBytes(value, 0, value.length);
  return undefined;
};

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = (byte | 0x20) - 97;
  return letter >= 0 && letter < 6 ? letter + 10 : -1;
}

/**
 * Iceberg's single-value serialisation: bounds in manifests, partition summaries in manifest lists.
 * @see https://iceberg.apache.org/spec/#appendix-d-single-value-serialization
 */
import type { PrimitiveType, Scalar } from '../columnar/types';
import { fromBytes, minimalBytes } from './decimal-bytes';
import { valueUnreadable } from './errors';

const utf8 = new TextEncoder();
/** A byte order mark is a character of the value like any other. */
const text = new TextDecoder('utf-8', { ignoreBOM: true });

/** The bytes of a value of the type; the value must be one of the type (types.ts, Scalar). */
export function encodeValue(type: PrimitiveType, v: Exclude<Scalar, null>): Uint8Array {
  switch (type) {
    case 'boolean':
      return Uint8Array.of(v ? 1 : 0);
    case 'string':
      return utf8.encode(v as string);
    case 'binary':
      return Uint8Array.from(v as Uint8Array);
    case 'int':
    case 'date':
      return fixed(4, view => view.setInt32(0, v as number, true));
    case 'long':
    case 'timestamp':
    case 'timestamptz':
      return fixed(8, view => view.setBigInt64(0, v as bigint, true));
    case 'float':
      return fixed(4, view => view.setFloat32(0, v as number, true));
    case 'double':
      return fixed(8, view => view.setFloat64(0, v as number, true));
    default:
      return minimalBytes(v as bigint);
  }
}

function fixed(width: 4 | 8, write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(width);
  write(new DataView(bytes.buffer));
  return bytes;
}

/**
 * The value in the bytes. A long or double of 4 bytes is one written when the column was an int or float:
 * widening a column leaves the bounds of its older files as they are. Throws TM_4002 for a wrong length.
 */
export function decodeValue(type: PrimitiveType, bytes: Uint8Array): Exclude<Scalar, null> {
  const { length } = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  switch (type) {
    case 'string':
      return text.decode(bytes);
    case 'binary':
      return bytes;
    case 'boolean':
      if (length === 1) return bytes[0] !== 0;
      break;
    case 'int':
    case 'date':
      if (length === 4) return view.getInt32(0, true);
      break;
    case 'long':
      if (length === 4) return BigInt(view.getInt32(0, true));
      if (length === 8) return view.getBigInt64(0, true);
      break;
    case 'timestamp':
    case 'timestamptz':
      if (length === 8) return view.getBigInt64(0, true);
      break;
    case 'float':
      if (length === 4) return view.getFloat32(0, true);
      break;
    case 'double':
      if (length === 4) return view.getFloat32(0, true);
      if (length === 8) return view.getFloat64(0, true);
      break;
    default:
      if (length > 0 && length <= 16) return fromBytes(bytes);
  }
  throw valueUnreadable(type, length);
}

/**
 * Orders two values of one type as Iceberg does: strings and binaries by unsigned bytes (JS `<` would order
 * code points past U+FFFF before U+E000), -0 before 0, NaN after everything.
 */
export function compareValues(
  type: PrimitiveType,
  a: Exclude<Scalar, null>,
  b: Exclude<Scalar, null>,
): number {
  if (type === 'string') return compareText(a as string, b as string);
  if (type === 'binary') return Buffer.compare(a as Uint8Array, b as Uint8Array);
  if (type === 'float' || type === 'double') return compareFloat(a as number, b as number);
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Order of the UTF-8 bytes without encoding them: that of code points, so surrogates stand above all else. */
function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

function compareFloat(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b && a !== 0) return 0;
  return rank(a) - rank(b);
}

function rank(v: number): number {
  return Number.isNaN(v) ? 2 : Object.is(v, -0) ? 0 : 1;
}

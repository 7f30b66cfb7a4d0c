import type { Column } from '../columnar/column';
import { decimalOf } from '../columnar/types';

/**
 * Keys of many rows as order-preserving bytes: comparing two keys byte by byte gives the order of their values,
 * for every type and for compound keys. One comparator serves fold, locate and sort.
 * `hi` and `lo` are each key's first eight bytes (zero-padded), so most comparisons never touch `bytes`.
 */
export interface Keys {
  readonly length: number;
  readonly hi: Uint32Array;
  readonly lo: Uint32Array;
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array;
}

/** Sign-flipped big-endian integers sort as unsigned bytes; a text ends in 00 00 and escapes 00 as 00 FF. */
export function encodeKeys(columns: readonly Column[], length: number): Keys {
  const sizes = new Uint32Array(length + 1);
  for (const column of columns) addSizes(column, sizes);
  for (let i = 0; i < length; i++) sizes[i + 1] = sizes[i + 1]! + sizes[i]!;
  const offsets = sizes;
  const bytes = new Uint8Array(offsets[length]!);
  const cursor = offsets.slice(0, length);
  for (const column of columns) writeColumn(column, bytes, cursor);
  const hi = new Uint32Array(length);
  const lo = new Uint32Array(length);
  for (let i = 0; i < length; i++) {
    const from = offsets[i]!;
    const to = offsets[i + 1]!;
    hi[i] = word(bytes, from, to);
    lo[i] = word(bytes, from + 4, to);
  }
  return { length, hi, lo, bytes, offsets };
}

/** Negative, zero or positive, as key i of a stands before, at or after key j of b. */
export function compareKeys(a: Keys, i: number, b: Keys, j: number): number {
  const h = a.hi[i]! - b.hi[j]!;
  if (h !== 0) return h;
  const l = a.lo[i]! - b.lo[j]!;
  if (l !== 0) return l;
  const aEnd = a.offsets[i + 1]!;
  const bEnd = b.offsets[j + 1]!;
  let p = a.offsets[i]! + 8;
  let q = b.offsets[j]! + 8;
  while (p < aEnd && q < bEnd) {
    const d = a.bytes[p++]! - b.bytes[q++]!;
    if (d !== 0) return d;
  }
  return aEnd - a.offsets[i]! - (bEnd - b.offsets[j]!);
}

/** The smallest index whose key is at or beyond key j of `b`; `a` must be sorted. */
export function lowerBoundOf(a: Keys, b: Keys, j: number, from = 0, to = a.length): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(a, middle, b, j) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The smallest index whose key is beyond key j of `b`; `a` must be sorted. */
export function upperBoundOf(a: Keys, b: Keys, j: number, from = 0, to = a.length): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(a, middle, b, j) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function keysAreSorted(keys: Keys): boolean {
  for (let i = 1; i < keys.length; i++) if (compareKeys(keys, i - 1, keys, i) > 0) return false;
  return true;
}

/** The keys at `rows`, in that order. */
export function takeKeys(keys: Keys, rows: ArrayLike<number>): Keys {
  const n = rows.length;
  const offsets = new Uint32Array(n + 1);
  for (let i = 0; i < n; i++) {
    const r = rows[i]!;
    offsets[i + 1] = offsets[i]! + keys.offsets[r + 1]! - keys.offsets[r]!;
  }
  const bytes = new Uint8Array(offsets[n]!);
  const hi = new Uint32Array(n);
  const lo = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    const r = rows[i]!;
    bytes.set(keys.bytes.subarray(keys.offsets[r]!, keys.offsets[r + 1]!), offsets[i]!);
    hi[i] = keys.hi[r]!;
    lo[i] = keys.lo[r]!;
  }
  return { length: n, hi, lo, bytes, offsets };
}

function word(bytes: Uint8Array, from: number, end: number): number {
  let w = 0;
  for (let k = from; k < from + 4; k++) w = w * 256 + (k < end ? bytes[k]! : 0);
  return w;
}

function addSizes(column: Column, sizes: Uint32Array): void {
  const n = column.length;
  if (column.kind === 'fixed') {
    const width = widthOf(column.type);
    for (let i = 0; i < n; i++) sizes[i + 1] = sizes[i + 1]! + width;
    return;
  }
  const { offsets, data } = column;
  for (let i = 0; i < n; i++) {
    let size = offsets[i + 1]! - offsets[i]! + 2;
    for (let k = offsets[i]!; k < offsets[i + 1]!; k++) if (data[k] === 0) size++;
    sizes[i + 1] = sizes[i + 1]! + size;
  }
}

function widthOf(type: string): number {
  if (type === 'boolean') return 1;
  if (type === 'int' || type === 'date' || type === 'float') return 4;
  return type.startsWith('decimal') ? 16 : 8;
}

function writeColumn(column: Column, bytes: Uint8Array, cursor: Uint32Array): void {
  if (column.kind === 'var') {
    writeText(column.offsets, column.data, column.length, bytes, cursor);
    return;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { values, length } = column;
  if (values instanceof Uint8Array) {
    for (let i = 0; i < length; i++) bytes[cursor[i]!++] = values[i]!;
  } else if (values instanceof Int32Array) {
    for (let i = 0; i < length; i++) {
      view.setUint32(cursor[i]!, (values[i]! ^ 0x80000000) >>> 0);
      cursor[i] = cursor[i]! + 4;
    }
  } else if (values instanceof BigInt64Array) {
    const words = decimalOf(column.type) ? 2 : 1;
    const raw = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
    for (let i = 0; i < length; i++) {
      for (let w = words - 1; w >= 0; w--) {
        const at = (i * words + w) * 2;
        const flip = w === words - 1 ? 0x80000000 : 0;
        view.setUint32(cursor[i]!, (raw[at + 1]! ^ flip) >>> 0);
        view.setUint32(cursor[i]! + 4, raw[at]!);
        cursor[i] = cursor[i]! + 8;
      }
    }
  } else writeFloats(values, length, view, cursor);
}

/** IEEE 754 bits sort as integers once negative ones are inverted; -0 equals 0, as in SQL. */
function writeFloats(
  values: Float32Array | Float64Array,
  length: number,
  view: DataView,
  cursor: Uint32Array,
): void {
  const double = values instanceof Float64Array;
  for (let i = 0; i < length; i++) {
    const at = cursor[i]!;
    const value = values[i]! + 0;
    if (double) view.setFloat64(at, value);
    else view.setFloat32(at, value);
    const negative = view.getUint8(at) >= 128;
    for (let k = 0; k < (double ? 8 : 4); k++) {
      const byte = view.getUint8(at + k);
      view.setUint8(at + k, negative ? 255 - byte : k === 0 ? byte ^ 128 : byte);
    }
    cursor[i] = at + (double ? 8 : 4);
  }
}

function writeText(
  offsets: Int32Array,
  data: Uint8Array,
  length: number,
  bytes: Uint8Array,
  cursor: Uint32Array,
): void {
  for (let i = 0; i < length; i++) {
    let at = cursor[i]!;
    for (let k = offsets[i]!; k < offsets[i + 1]!; k++) {
      const byte = data[k]!;
      bytes[at++] = byte;
      if (byte === 0) bytes[at++] = 255;
    }
    cursor[i] = at + 2;
  }
}

/**
 * Partition transforms of whole columns. The loops run over the 32-bit words of the values and make no object
 * a value; only truncate of longs and decimals, and bucket of decimals, go through BigInt.
 */
import type { Column, FixedColumn, VarColumn } from '../columnar/column';
import { nullColumn } from '../columnar/kernels';
import { wordsOf } from '../columnar/layout';
import { decimalOf } from '../columnar/types';
import { daysOfMicros, hoursOfMicros, monthsOfDay, yearsOfDay } from './calendar';
import { minimalBytes } from './decimal-bytes';
import { murmur3, murmur3Long } from './murmur3';
import { parseTransform, type Transform, type TransformKind, transformResult } from './transform-kind';

/** The transform of each value; NULLs stay NULL. Throws TM_4003 or TM_4004 if the type does not have it. */
export function transformColumn(t: Transform, column: Column): Column {
  const type = transformResult(t, column.type);
  const { kind, width } = parseTransform(t);
  if (kind === 'identity') return column;
  if (kind === 'void') return nullColumn(type, column.length);
  if (kind === 'truncate')
    return column.kind === 'var' ? truncateVar(column, width) : truncateFixed(column, width);
  const values = kind === 'bucket' ? buckets(column, width) : instants(kind, column as FixedColumn);
  return { kind: 'fixed', type, length: column.length, valid: column.valid, values };
}

function buckets(column: Column, count: number): Int32Array {
  const out = new Int32Array(column.length);
  if (column.kind === 'var') {
    const { offsets, data } = column;
    for (let i = 0; i < out.length; i++)
      out[i] = (murmur3(data, offsets[i]!, offsets[i + 1]!) & 0x7fffffff) % count;
  } else if (decimalOf(column.type)) {
    for (let i = 0; i < out.length; i++)
      out[i] = (murmur3(minimalBytes(decimalAt(column, i))) & 0x7fffffff) % count;
  } else {
    const words = wordsOf(column.values);
    if (column.values instanceof Int32Array) {
      for (let i = 0; i < out.length; i++)
        out[i] = (murmur3Long(words[i]!, words[i]! >> 31) & 0x7fffffff) % count;
    } else {
      for (let i = 0; i < out.length; i++) {
        out[i] = (murmur3Long(words[2 * i]!, words[2 * i + 1]!) & 0x7fffffff) % count;
      }
    }
  }
  return out;
}

function instants(kind: TransformKind, column: FixedColumn): Int32Array {
  if (kind === 'day' && column.type === 'date') return column.values as Int32Array;
  const out = new Int32Array(column.length);
  const words = wordsOf(column.values);
  if (column.type === 'date') {
    for (let i = 0; i < out.length; i++) out[i] = words[i]!;
  } else {
    const divide = kind === 'hour' ? hoursOfMicros : daysOfMicros;
    for (let i = 0; i < out.length; i++) out[i] = divide(words[2 * i]!, words[2 * i + 1]!);
  }
  if (kind === 'month') for (let i = 0; i < out.length; i++) out[i] = monthsOfDay(out[i]!);
  if (kind === 'year') for (let i = 0; i < out.length; i++) out[i] = yearsOfDay(out[i]!);
  return out;
}

function truncateFixed(column: FixedColumn, width: number): FixedColumn {
  const { type, length } = column;
  if (type === 'int') {
    const out = new Int32Array(length);
    const values = column.values as Int32Array;
    for (let i = 0; i < length; i++) out[i] = values[i]! - (((values[i]! % width) + width) % width);
    return { ...column, values: out };
  }
  const w = BigInt(width);
  const isDecimal = type !== 'long';
  const out = new BigInt64Array(isDecimal ? 2 * length : length);
  for (let i = 0; i < length; i++) {
    const v = isDecimal ? decimalAt(column, i) : (column.values as BigInt64Array)[i]!;
    const cut = v - (((v % w) + w) % w);
    // BigInt64Array keeps the low 64 bits of what is assigned.
    if (isDecimal) {
      out[2 * i] = cut;
      out[2 * i + 1] = cut >> 64n;
    } else out[i] = cut;
  }
  return { ...column, values: out };
}

function decimalAt(column: FixedColumn, i: number): bigint {
  const words = column.values as BigInt64Array;
  return (words[2 * i + 1]! << 64n) | BigInt.asUintN(64, words[2 * i]!);
}

function truncateVar(column: VarColumn, width: number): VarColumn {
  const { length, type } = column;
  const offsets = new Int32Array(length + 1);
  const data = new Uint8Array(column.offsets[length]! - column.offsets[0]!);
  let at = 0;
  for (let i = 0; i < length; i++) {
    const start = column.offsets[i]!;
    const end = column.offsets[i + 1]!;
    const cut = type === 'binary' ? Math.min(end, start + width) : textEnd(column.data, start, end, width);
    for (let k = start; k < cut; k++) data[at++] = column.data[k]!;
    offsets[i + 1] = at;
  }
  return { ...column, offsets, data: data.subarray(0, at) };
}

/** Where the first `codePoints` characters of UTF-8 bytes [start, end) end: before the next byte that starts one. */
function textEnd(data: Uint8Array, start: number, end: number, codePoints: number): number {
  let left = codePoints;
  for (let i = start; i < end; i++) if ((data[i]! & 0xc0) !== 0x80 && left-- === 0) return i;
  return end;
}

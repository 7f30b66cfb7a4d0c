import type { Column, FixedColumn, VarColumn } from './column';
import { columnsDiffer, columnTooLarge } from './errors';
import { allocateValues, elementsPerValue, type FixedType, VAR_DATA_BYTES_MAX } from './layout';
import { varBytes } from './value';

/** Values [from, to) over the same memory. */
export function slice(column: Column, from: number, to: number): Column {
  const length = to - from;
  const valid = column.valid?.subarray(from, to);
  if (column.kind === 'var')
    return { ...column, length, valid, offsets: column.offsets.subarray(from, to + 1) };
  const elements = elementsPerValue(column.type);
  return { ...column, length, valid, values: column.values.subarray(from * elements, to * elements) };
}

/** The columns, which have one type, one after the other. Throws TM_4101 if their types differ, TM_4104 past 2 GiB. */
export function concat(columns: readonly Column[]): Column {
  const first = columns[0];
  if (!first) throw columnsDiffer('concat', 'at least one column', 'none');
  if (columns.length === 1) return first;
  for (const c of columns) if (c.type !== first.type) throw columnsDiffer('concat', first.type, c.type);
  return first.kind === 'var'
    ? concatVar(columns as readonly VarColumn[])
    : concatFixed(columns as readonly FixedColumn[]);
}

function lengthOf(columns: readonly Column[]): number {
  return columns.reduce((sum, c) => sum + c.length, 0);
}

function concatValid(columns: readonly Column[], length: number): Uint8Array | undefined {
  if (columns.every(c => !c.valid)) return undefined;
  const valid = new Uint8Array(length).fill(1);
  let at = 0;
  for (const c of columns) {
    if (c.valid) valid.set(c.valid, at);
    at += c.length;
  }
  return valid;
}

function concatFixed(columns: readonly FixedColumn[]): FixedColumn {
  const { type } = columns[0]!;
  const length = lengthOf(columns);
  const values = allocateValues(type as FixedType, length);
  let at = 0;
  for (const c of columns) {
    // One type, so one array class on both sides: the cast only names it.
    (values as Uint8Array).set(c.values as Uint8Array, at);
    at += c.values.length;
  }
  return { kind: 'fixed', type, length, valid: concatValid(columns, length), values };
}

function concatVar(columns: readonly VarColumn[]): VarColumn {
  const length = lengthOf(columns);
  const bytes = columns.reduce((sum, c) => sum + varBytes(c), 0);
  if (bytes > VAR_DATA_BYTES_MAX) throw columnTooLarge(bytes);
  const offsets = new Int32Array(length + 1);
  const data = new Uint8Array(bytes);
  let at = 0;
  let row = 0;
  for (const c of columns) {
    const from = c.offsets[0]!;
    data.set(c.data.subarray(from, c.offsets[c.length]!), at);
    for (let i = 1; i <= c.length; i++) offsets[row + i] = c.offsets[i]! - from + at;
    at += varBytes(c);
    row += c.length;
  }
  return { kind: 'var', type: columns[0]!.type, length, valid: concatValid(columns, length), offsets, data };
}

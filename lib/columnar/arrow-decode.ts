import type * as Arrow from 'apache-arrow';
import { fixed, validOf } from './arrow-data';
import { arrow } from './arrow-encode';
import { dates, timestamps } from './arrow-time';
import { unpackBits } from './bits';
import type { Column } from './column';
import { concat } from './concat';
import { arrowTypeUnknown, columnTooLarge } from './errors';
import { gather } from './gather';
import { VAR_DATA_BYTES_MAX, type VarType } from './layout';
import { columnFromScalars, nullColumn } from './make';
import type { PrimitiveType } from './types';

/** A column of an Arrow table; `fieldId` is its `PARQUET:field_id`. */
export interface ArrowColumn {
  readonly name: string;
  readonly fieldId: number | undefined;
  readonly column: Column;
}

/** An Arrow IPC stream or file as a table over the same memory. */
export function fromArrowIpc(bytes: Uint8Array): Arrow.Table {
  return arrow().tableFromIPC(bytes);
}

/** The table's columns, in its order. Throws like fromArrowVector. */
export function fromArrowTable(table: Arrow.Table): ArrowColumn[] {
  return table.schema.fields.map((field, i) => {
    const id = field.metadata.get('PARQUET:field_id');
    const column = fromArrowVector(table.getChildAt(i)!, field.name);
    return { name: field.name, fieldId: id === undefined ? undefined : Number(id), column };
  });
}

/**
 * Any Arrow vector as one column of the lake type that holds its values exactly: int8 to uint16 as int, uint32 as
 * long, uint64 as decimal(20,0), timestamps of any unit in micros, dictionaries decoded, a null vector as strings.
 * Shares memory where the layouts agree. Throws TM_4105 for a type without counterpart, TM_4106 for a value that
 * is not exact. `where` names the column in errors.
 */
export function fromArrowVector(vector: Arrow.Vector, where: string): Column {
  const chunks = vector.data.filter(d => d.length > 0);
  if (chunks.length === 0)
    return fromData(arrow().makeData({ type: vector.type, length: 0 } as never), where);
  return concat(chunks.map(d => fromData(d, where)));
}

function fromData(data: Arrow.Data, where: string): Column {
  const { Type } = arrow();
  switch (data.type.typeId as Arrow.Type) {
    case Type.Null:
      return nullColumn('string', data.length);
    case Type.Int:
      return integers(data);
    case Type.Float:
      return floats(data, where);
    case Type.Bool:
      return fixed(data, 'boolean', unpackBits(data.values, data.offset, data.length));
    case Type.Decimal:
      return decimals(data, where);
    case Type.Date:
      return dates(data, where);
    case Type.Timestamp:
      return timestamps(data, where);
    case Type.Utf8:
    case Type.LargeUtf8:
      return strings(data, 'string');
    case Type.Binary:
    case Type.LargeBinary:
      return strings(data, 'binary');
    case Type.FixedSizeBinary:
      return fixedBinary(data);
    case Type.Utf8View:
    case Type.BinaryView:
      return views(data);
    case Type.Dictionary:
      return dictionary(data, where);
    default:
      throw arrowTypeUnknown(String(data.type), where);
  }
}

function integers(data: Arrow.Data): Column {
  const type = data.type as Arrow.Int;
  const values = data.values as Int32Array | Uint32Array | BigInt64Array;
  if (type.bitWidth < 32)
    return fixed(data, 'int', Int32Array.from(values.subarray(0, data.length) as Int32Array));
  if (type.bitWidth === 32 && type.isSigned)
    return fixed(data, 'int', values.subarray(0, data.length) as Int32Array);
  if (type.bitWidth === 32)
    return fixed(
      data,
      'long',
      BigInt64Array.from(values as Uint32Array, v => BigInt(v)),
    );
  const longs = new BigInt64Array(values.buffer, values.byteOffset, data.length);
  if (type.isSigned) return fixed(data, 'long', longs);
  const words = new BigInt64Array(data.length * 2);
  for (let i = 0; i < data.length; i++) words[2 * i] = longs[i]!;
  return fixed(data, 'decimal(20,0)', words);
}

function floats(data: Arrow.Data, where: string): Column {
  const values = data.values.subarray(0, data.length);
  if (values instanceof Float64Array) return fixed(data, 'double', values);
  if (values instanceof Float32Array) return fixed(data, 'float', values);
  throw arrowTypeUnknown(String(data.type), where);
}

function decimals(data: Arrow.Data, where: string): Column {
  const { precision, scale, bitWidth } = data.type as Arrow.Decimal;
  if (bitWidth !== 128 || scale < 0) throw arrowTypeUnknown(String(data.type), where);
  let words = data.values as Uint32Array;
  // Arrow promises 8 bytes of alignment only for streams that were aligned themselves.
  if (words.byteOffset % 8 !== 0) words = words.slice();
  const values = new BigInt64Array(words.buffer, words.byteOffset, data.length * 2);
  return fixed(data, `decimal(${precision},${scale})`, values);
}

function strings(data: Arrow.Data, type: VarType): Column {
  const source = data.valueOffsets as Int32Array | BigInt64Array;
  let offsets: Int32Array;
  if (source instanceof Int32Array) offsets = source.subarray(0, data.length + 1);
  else {
    const last = Number(source[data.length] ?? 0n);
    if (last > VAR_DATA_BYTES_MAX) throw columnTooLarge(last);
    offsets = Int32Array.from(source.subarray(0, data.length + 1), Number);
  }
  // An empty Arrow column may come without its one offset.
  if (offsets.length === 0) offsets = new Int32Array(1);
  return {
    kind: 'var',
    type,
    length: data.length,
    valid: validOf(data),
    offsets,
    data: data.values ?? new Uint8Array(0),
  };
}

function fixedBinary(data: Arrow.Data): Column {
  const { byteWidth } = data.type as Arrow.FixedSizeBinary;
  const offsets = Int32Array.from({ length: data.length + 1 }, (_, i) => i * byteWidth);
  return {
    kind: 'var',
    type: 'binary',
    length: data.length,
    valid: validOf(data),
    offsets,
    data: data.values,
  };
}

/** View layouts are rare and have no counterpart here: value by value. */
function views(data: Arrow.Data): Column {
  const vector = new (arrow().Vector)([data]);
  const type: PrimitiveType = data.type.typeId === arrow().Type.Utf8View ? 'string' : 'binary';
  return columnFromScalars(type, Array.from(vector));
}

function dictionary(data: Arrow.Data, where: string): Column {
  const values = fromArrowVector(data.dictionary!, where);
  if (values.length === 0) return nullColumn(values.type, data.length);
  const valid = validOf(data);
  // The index of a NULL may be anything.
  const rows = Uint32Array.from({ length: data.length }, (_, i) =>
    valid?.[i] === 0 ? 0 : Number(data.values[i]),
  );
  const column = gather(values, rows);
  if (!valid) return column;
  const both = column.valid ? valid.map((v, i) => v & column.valid![i]!) : valid;
  return { ...column, valid: both };
}

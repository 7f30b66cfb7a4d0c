import type * as Arrow from 'apache-arrow';
import { packBits } from './bits';
import type { Batch, Column } from './column';
import { decimalOf, type Field, type PrimitiveType } from './types';

/** Arrow takes 0.1 s to load: a cold start that moves no data must not pay for it. */
export function arrow(): typeof Arrow {
  return require('apache-arrow') as typeof Arrow;
}

/** The Arrow type of a lake type. */
export function arrowType(type: PrimitiveType): Arrow.DataType {
  const a = arrow();
  switch (type) {
    case 'boolean':
      return new a.Bool();
    case 'int':
      return new a.Int32();
    case 'long':
      return new a.Int64();
    case 'float':
      return new a.Float32();
    case 'double':
      return new a.Float64();
    case 'date':
      return new a.DateDay();
    case 'timestamp':
      return new a.TimestampMicrosecond(null);
    case 'timestamptz':
      return new a.TimestampMicrosecond('UTC');
    case 'string':
      return new a.Utf8();
    case 'binary':
      return new a.Binary();
    default: {
      const { precision, scale } = decimalOf(type)!;
      return new a.Decimal(scale, precision, 128);
    }
  }
}

/** The field with its id where Parquet writers look for it, `PARQUET:field_id`. */
function arrowField(field: Field): Arrow.Field {
  const metadata = new Map([['PARQUET:field_id', String(field.id)]]);
  return new (arrow().Field)(field.name, arrowType(field.type), !field.required, metadata);
}

/** The column's memory as Arrow data; only booleans and the validity are copied (to bits). */
export function toArrowData(column: Column): Arrow.Data {
  const type = arrowType(column.type);
  const nullBitmap = column.valid ? packBits(column.valid, column.length) : undefined;
  const nullCount = column.valid ? column.valid.reduce((nulls, v) => nulls + 1 - v, 0) : 0;
  const props = { type, length: column.length, nullCount, nullBitmap };
  const { makeData } = arrow();
  if (column.kind === 'var')
    return makeData({ ...props, valueOffsets: column.offsets, data: column.data } as never);
  const { values } = column;
  if (values instanceof Uint8Array)
    return makeData({ ...props, data: packBits(values, column.length) } as never);
  if (!column.type.startsWith('decimal')) return makeData({ ...props, data: values } as never);
  const words = new Uint32Array(values.buffer, values.byteOffset, values.byteLength >> 2);
  return makeData({ ...props, data: words } as never);
}

/** The batch as one Arrow record batch, field ids in its fields' metadata. */
export function toArrowTable(batch: Batch): Arrow.Table {
  const a = arrow();
  const schema = new a.Schema(batch.fields.map(arrowField));
  const children = batch.columns.map(toArrowData);
  const type = new a.Struct(schema.fields);
  const data = a.makeData({ type, length: batch.length, nullCount: 0, children });
  return new a.Table(schema, [new a.RecordBatch(schema, data)]);
}

/** The batch as an Arrow IPC stream. */
export function toArrowIpc(batch: Batch): Uint8Array {
  return arrow().tableToIPC(toArrowTable(batch), 'stream');
}

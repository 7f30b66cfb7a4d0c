import { castColumn } from './cast';
import type { Batch } from './column';
import { concat, slice } from './concat';
import { columnsDiffer } from './errors';
import { gather } from './gather';
import { nullColumn } from './make';
import type { Field } from './types';
import { byteSize } from './value';

/** The batch's rows at `rows`, in their order. */
export function gatherBatch(batch: Batch, rows: Uint32Array): Batch {
  return { length: rows.length, fields: batch.fields, columns: batch.columns.map(c => gather(c, rows)) };
}

/** Rows [from, to) over the same memory. */
export function sliceBatch(batch: Batch, from: number, to: number): Batch {
  return { length: to - from, fields: batch.fields, columns: batch.columns.map(c => slice(c, from, to)) };
}

/** Batches of the same fields, one after the other. Throws TM_4101 if ids or types differ or there is none. */
export function concatBatches(batches: readonly Batch[]): Batch {
  const first = batches[0];
  if (!first) throw columnsDiffer('concat', 'at least one batch', 'none');
  const shape = shapeOf(first.fields);
  for (const b of batches)
    if (shapeOf(b.fields) !== shape) throw columnsDiffer('concat', shape, shapeOf(b.fields));
  return {
    length: batches.reduce((sum, b) => sum + b.length, 0),
    fields: first.fields,
    columns: first.columns.map((_, i) => concat(batches.map(b => b.columns[i]!))),
  };
}

function shapeOf(fields: readonly Field[]): string {
  return fields.map(f => `${f.id}:${f.type}`).join(' ');
}

/**
 * The batch with exactly `fields`, found by id: a field it has not is NULL, a narrower column is widened.
 * Throws TM_4102 if a column's type does not widen to its field's.
 */
export function selectFields(batch: Batch, fields: readonly Field[]): Batch {
  const at = new Map(batch.fields.map((f, i) => [f.id, i]));
  const columns = fields.map(f => {
    const i = at.get(f.id);
    return i === undefined ? nullColumn(f.type, batch.length) : castColumn(batch.columns[i]!, f.type);
  });
  return { length: batch.length, fields, columns };
}

/** Bytes that the batch's values take in memory. */
export function batchBytes(batch: Batch): number {
  return batch.columns.reduce((sum, column) => sum + byteSize(column), 0);
}

import { castText } from '../columnar/cast-text';
import type { Batch } from '../columnar/column';
import type { Field } from '../columnar/types';
import type { ParquetFooter } from '../parquet/footer';

/*
 * A retyped column has a new field id under the old name, and says in its doc of which field it is cast; that one stays
 * in the log under another name (PROTOCOL.md, S). The doc is part of the schema, so that whoever has the fields knows.
 */

/** What the texts of a retyped column are called in the log. */
export const receivedName = (name: string) => `${name}_as_received`;

/** The docs of a retyped column and of its texts. */
export const castDoc = (from: number) => `cast from field ${from}`;
export const RECEIVED_DOC = 'as received, until it was retyped';

/** The id of the field whose texts the column's values are cast from, where a file has those alone. */
export function castOf({ doc }: Field): number | undefined {
  const id = /^cast from field (\d+)$/.exec(doc ?? '')?.[1];
  return id === undefined ? undefined : Number(id);
}

/** The fields that others of them are cast from: they say nothing by themselves. */
export function receivedIn(fields: readonly Field[]): ReadonlySet<number> {
  return new Set(fields.flatMap(f => castOf(f) ?? []));
}

/** Whether a file has the field as texts alone. @param has whether it has the column of an id */
export function isCast(field: Field, has: (id: number) => boolean): boolean {
  const from = castOf(field);
  return from !== undefined && !has(field.id) && has(from);
}

/** What a row says nothing of, by the ids that it lists: who is silent on the texts is silent on the values. */
export function silentOn(ids: readonly number[], fields: readonly Field[]): number[] {
  const values = fields.filter(f => ids.includes(castOf(f) ?? -1)).map(f => f.id);
  return [...new Set([...ids, ...values])];
}

/** The columns of a file that the fields are read from, each once. */
export function storedFields({ columns }: ParquetFooter, fields: readonly Field[]): readonly Field[] {
  if (fields.every(f => castOf(f) === undefined)) return fields;
  const has = new Set(columns.map(c => c.fieldId));
  const stored = fields.map(f => (isCast(f, id => has.has(id)) ? textsOf(f) : f));
  return [...new Map(stored.map(f => [f.id, f])).values()];
}

/** Such columns as the fields that were asked for. */
export function asFields(batch: Batch, fields: readonly Field[]): Batch {
  if (batch.fields === fields) return batch;
  const at = (id: number | undefined) => batch.fields.findIndex(f => f.id === id);
  const columns = fields.map(f => {
    const own = at(f.id);
    return own >= 0 ? batch.columns[own]! : castText(batch.columns[at(castOf(f))]!, f.type);
  });
  return { length: batch.length, fields, columns };
}

function textsOf(field: Field): Field {
  return { id: castOf(field)!, name: receivedName(field.name), type: 'string', required: false };
}

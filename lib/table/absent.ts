import type { Batch } from '../columnar/column';
import { columnFromScalars, valueAt } from '../columnar/kernels';
import type { Field } from '../columnar/types';
import { ABSENT, OP, userFields } from './columns';
import type { OpenFile } from './data-file';
import { isCast, receivedIn, silentOn } from './retyped';

/** Ids of the user's columns that a log file lacks altogether: they are absent in each of its rows (PROTOCOL.md, I6). */
export function lackingIn({ footer }: OpenFile, fields: readonly Field[]): number[] {
  const has = new Set(footer.columns.map(c => c.fieldId));
  const isThere = (f: Field) => has.has(f.id) || isCast(f, id => has.has(id));
  return userFields(fields).flatMap(f => (isThere(f) ? [] : f.id));
}

/** Log rows with more columns counted as absent in each insert and update; other ops say nothing of columns. */
export function withAbsent(batch: Batch, ids: readonly number[]): Batch {
  if (ids.length === 0 && receivedIn(batch.fields).size === 0) return batch;
  const at = (name: string) => batch.fields.findIndex(f => f.name === name);
  const ops = batch.columns[at(OP)]!;
  const listed = batch.columns[at(ABSENT)]!;
  const texts = Array.from({ length: batch.length }, (_, row) => {
    const known = valueAt(listed, row) as string | null;
    const op = valueAt(ops, row);
    return op === 'I' || op === 'U' ? union(known, ids, batch.fields) : known;
  });
  const columns = batch.columns.map((column, i) =>
    i === at(ABSENT) ? columnFromScalars('string', texts) : column,
  );
  return { ...batch, columns };
}

function union(known: string | null, ids: readonly number[], fields: readonly Field[]): string | null {
  const all = new Set(silentOn([...(known ? (JSON.parse(known) as number[]) : []), ...ids], fields));
  return all.size === 0 ? null : JSON.stringify([...all].sort((a, b) => a - b));
}

import type { Field, PrimitiveType } from '../columnar/types';
import { replaceColumn } from '../iceberg/evolution';
import { currentSchema, type TableMetadata } from '../iceberg/metadata';
import { userFields } from './columns';
import { retypeUnfinished } from './errors';
import type { LiveFiles } from './live-files';
import { castDoc, castOf, isCast, RECEIVED_DOC, receivedName } from './retyped';

/** A column of strings that becomes one of a declared type. */
export interface Retype {
  readonly column: string;
  readonly type: PrimitiveType;
}

/**
 * The log with columns retyped, in its metadata and not committed: each has a new id and the old name, and the old id is
 * the column of its texts.
 * @param nextId the first id that neither the log nor the current table ever had
 */
export function withRetypes(
  log: TableMetadata,
  retypes: readonly Retype[],
  nextId: number,
  now: number,
): TableMetadata {
  return retypes.reduce((md, { column, type }, i) => {
    const { fields } = currentSchema(md);
    const user = userFields(fields);
    const old = user.find(f => f.name === column)!;
    const cast: Field = { id: nextId + i, name: column, type, required: false, doc: castDoc(old.id) };
    return replaceColumn(md, old.id, cast, {
      keep: { ...old, name: receivedName(column), doc: RECEIVED_DOC },
      before: fields.filter(f => !user.includes(f)).map(f => f.id),
      now,
    });
  }, log);
}

/** Those of the fields that one of the files has as texts alone. */
export function castIn(fields: readonly Field[], { data }: LiveFiles): Field[] {
  const retyped = fields.filter(f => castOf(f) !== undefined);
  return retyped.filter(field =>
    data.some(({ file }) => isCast(field, id => file.metrics.valueCounts.has(id))),
  );
}

/**
 * Other engines read NULL where a file has the texts alone, so a table that has such files is folded anew before it is
 * merged into: after a retype, and after a rollback to before one. @throws TM_3096
 */
export function checkCast(table: string, fields: readonly Field[], files: LiveFiles): void {
  const [column] = castIn(fields, files);
  if (column) throw retypeUnfinished(table, column.name);
}

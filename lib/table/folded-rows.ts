import type { Changes } from '../change/changes';
import { type Folded, FROM_CURRENT, originOf, PUT } from '../change/fold';
import type { Batch, Column } from '../columnar/column';
import { castColumn, gather, gatherFrom, nullColumn } from '../columnar/kernels';
import type { Field } from '../columnar/types';
import { CHANGED_AT, POS_MAJOR, POS_MINOR } from './columns';

const CHANGES = 0;
const CURRENT = 1;
const NOTHING = 2;

/** The rows that stand now for the groups of a fold: group g's is row rowOf(g) of `rows`. */
export interface CurrentRows {
  readonly rows: Batch | undefined;
  rowOf(g: number): number;
}

/** Where nothing stands. */
export const NO_ROWS: CurrentRows = { rows: undefined, rowOf: () => 0 };

/**
 * The rows that a fold puts, in the order of `groups`: every column taken from the change, the current row or
 * nothing, as the fold says; position and time are the winning change's.
 * @param fields the current table's fields
 */
export function foldedRows(
  changes: Changes,
  folded: Folded,
  groups: Uint32Array,
  fields: readonly Field[],
  current: CurrentRows,
): Batch {
  const winners = Uint32Array.from(groups, g => folded.from[g]!);
  const columns = fields.map(field => {
    if (field.name === POS_MAJOR) return gather(position(changes.major), winners);
    if (field.name === POS_MINOR) return gather(position(changes.minor), winners);
    if (field.name === CHANGED_AT) return gather(changes.changedAt, winners);
    const own = changes.columns[changes.fields.findIndex(f => f.id === field.id)];
    const column = own ? castColumn(own, field.type) : nullColumn(field.type, changes.length);
    if (!folded.lacking.has(field.id)) return gather(column, winners);
    return patched(field, column, groups, folded, current);
  });
  return { length: groups.length, fields: [...fields], columns };
}

/** The groups of a fold that put a row. */
export function putGroups(folded: Folded): Uint32Array {
  const groups: number[] = [];
  for (let g = 0; g < folded.action.length; g++) if (folded.action[g] === PUT) groups.push(g);
  return Uint32Array.from(groups);
}

function patched(
  field: Field,
  column: Column,
  groups: Uint32Array,
  folded: Folded,
  current: CurrentRows,
): Column {
  const standing = current.rows?.columns[current.rows.fields.findIndex(f => f.id === field.id)];
  const source = new Uint8Array(groups.length);
  const row = new Uint32Array(groups.length);
  groups.forEach((g, i) => {
    const origin = originOf(folded, g, field.id);
    if (origin >= 0) {
      source[i] = CHANGES;
      row[i] = origin;
    } else if (origin === FROM_CURRENT && standing) {
      source[i] = CURRENT;
      row[i] = current.rowOf(g);
    } else source[i] = NOTHING;
  });
  return gatherFrom([column, standing ?? nullColumn(field.type, 1), nullColumn(field.type, 1)], source, row);
}

function position(values: BigInt64Array): Column {
  return { kind: 'fixed', type: 'long', length: values.length, values };
}

import type { Merged } from '../stages/merge/merge';
import type { OwnTally } from './lake';

/** What slices of one table came to together; undefined without any. */
export function tallyOf(table: string, slices: readonly Merged[]): OwnTally | undefined {
  const last = slices.at(-1);
  if (!last) return undefined;
  const sum = (of: (slice: Merged) => number) => slices.reduce((total, slice) => total + of(slice), 0);
  return {
    table,
    merges: slices.length,
    entries: sum(s => s.entries.length),
    through: last.through,
    rows: {
      new: sum(s => s.rows.new),
      changed: sum(s => s.rows.changed),
      deleted: sum(s => s.rows.deleted),
      total: last.rows.total,
    },
    bytes: { written: sum(s => s.bytes.written), total: last.bytes.total },
  };
}

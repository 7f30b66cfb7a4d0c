import type { Cell } from '../../ports/query-engine';
import type { Tally } from '../../runtime/lake';
import { bytes, changes, counted } from './words';

export const mergeColumns = [
  'table',
  'entries',
  'through',
  'new',
  'updated',
  'deleted',
  'rows',
  'bytes_written',
  'bytes',
] as const;

export function mergeRow(table: string, tally: Tally | undefined): Cell[] {
  if (!tally) return [table, 0, null, 0, 0, 0, null, 0, null];
  const { rows } = tally;
  return [
    ...[table, tally.entries, tally.through, rows.new ?? null, rows.changed ?? null, rows.deleted ?? null],
    ...[rows.total, tally.bytes.written ?? null, tally.bytes.total],
  ];
}

export function mergeLine(table: string, tally: Tally | undefined): string {
  if (!tally) return `${table}  nothing waits`;
  const merged = `${counted(tally.entries, 'entry', 'entries')} merged, through ${tally.through}`;
  return [table, merged, changed(tally), standing(tally)].filter(part => part !== '').join('  ');
}

/** How the table stands after the merge. */
export function standing({ rows, bytes: size }: Tally): string {
  const wrote = size.written === undefined ? '' : `wrote ${bytes(size.written)} of `;
  return `${counted(rows.total, 'row')} (${wrote}${bytes(size.total)})`;
}

/** What the merge changed, where that is known. */
export function changed({ rows }: Tally): string {
  const { new: added, changed: altered, deleted } = rows;
  if (added === undefined || altered === undefined || deleted === undefined) return '';
  return changes({ new: added, changed: altered, deleted });
}

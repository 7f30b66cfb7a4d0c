import type { Cell } from '../../ports/query-engine';
import type { Tally } from '../merge';
import { bytes, changes, count, counted } from './words';

export const mergeColumns = [
  'table',
  'entries',
  'through',
  'new',
  'changed',
  'deleted',
  'rows',
  'bytes_written',
  'bytes',
] as const;

export function mergeRow(table: string, tally: Tally | undefined): Cell[] {
  if (!tally) return [table, 0, null, 0, 0, 0, null, 0, null];
  const { rows } = tally;
  return [
    ...[table, tally.entries, tally.through, rows.new, rows.changed, rows.deleted, rows.total],
    ...[tally.bytes.written, tally.bytes.total],
  ];
}

export function mergeLine(table: string, tally: Tally | undefined): string {
  if (!tally) return `${table}  nothing waits`;
  const merged = `${counted(tally.entries, 'entry', 'entries')} merged, through ${tally.through}`;
  return `${table}  ${merged}  ${changes(tally.rows)}  ${standing(tally)}`;
}

/** How the table stands after the merge. */
export function standing({ rows, bytes: size }: Tally): string {
  return `${count(rows.total)} rows (wrote ${bytes(size.written)} of ${bytes(size.total)})`;
}

import { historyOf, logTableOf } from '../table/columns';
import type { SnapshotAt } from './as-of';

/** What a report's snapshot says in its summary: the date built, the attempt that built it, and what it was read from. */
export const DATE_BUILT = 'tidemark.report-date';
export const ATTEMPT = 'tidemark.attempt';
export const READ_FROM = 'tidemark.read-from';

export const atSnapshot = ({ table, snapshotId }: SnapshotAt) => `${table}@${snapshotId}`;
export const throughEntry = (table: string, n: number) => `${table}#${n}`;

/** Whether any of it is of the table: of itself, its log or its history. */
export function readsTable(readFrom: readonly string[], table: string): boolean {
  const names = [table, logTableOf(table), historyOf(table)];
  return readFrom.some(from => names.includes(from.replace(/[@#].*$/, '')));
}

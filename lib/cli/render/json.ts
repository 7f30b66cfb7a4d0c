import type { Cell } from '../../ports/query-engine';

/** One row as a JSON object on one line, columns in their order. */
export function jsonRow(columns: readonly string[], row: readonly Cell[]): string {
  const members = columns.map((name, i) => `${JSON.stringify(name)}: ${jsonCell(row[i] ?? null)}`);
  return `{${members.join(', ')}}`;
}

/**
 * A value as JSON that loses nothing, of one JSON type whatever its size: integers beyond 32 bits and decimals are
 * strings, as many a reader takes a number for a double; shorter integers and doubles are numbers. NaN and the
 * infinities, which JSON has not, are strings.
 */
export function jsonCell(cell: Cell): string {
  if (typeof cell === 'bigint') return `"${cell}"`;
  if (typeof cell === 'number' && !Number.isFinite(cell)) return `"${cell}"`;
  return JSON.stringify(cell);
}

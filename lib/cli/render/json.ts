import type { Cell } from './rows';

/** One row as a JSON object on one line, columns in their order. */
export function jsonRow(columns: readonly string[], row: readonly Cell[]): string {
  const members = columns.map((name, i) => `${JSON.stringify(name)}: ${jsonCell(row[i] ?? null)}`);
  return `{${members.join(', ')}}`;
}

/**
 * A value as JSON that loses nothing: an integer is a number where a double holds it, else a string; bytes are hex.
 * NaN and the infinities, which JSON has not, are strings.
 */
export function jsonCell(cell: Cell): string {
  if (typeof cell === 'bigint') {
    const safe = cell >= Number.MIN_SAFE_INTEGER && cell <= Number.MAX_SAFE_INTEGER;
    return safe ? String(cell) : `"${cell}"`;
  }
  if (typeof cell === 'number' && !Number.isFinite(cell)) return `"${cell}"`;
  if (cell instanceof Uint8Array) return `"${Buffer.from(cell).toString('hex')}"`;
  if (Array.isArray(cell)) return `[${cell.map(jsonCell).join(', ')}]`;
  if (typeof cell === 'object' && cell !== null) {
    const members = Object.entries(cell).map(([name, value]) => `${JSON.stringify(name)}: ${jsonCell(value)}`);
    return `{${members.join(', ')}}`;
  }
  return JSON.stringify(cell);
}

import type { Cell } from '../../ports/query-engine';

/** One row as a JSON object on one line, columns in their order. */
export function jsonRow(
  columns: readonly string[],
  row: readonly Cell[],
  types: readonly string[] = [],
): string {
  const members = columns.map((name, i) => `${JSON.stringify(name)}: ${jsonCell(row[i] ?? null, types[i])}`);
  return `{${members.join(', ')}}`;
}

/**
 * A value as JSON that loses nothing: an integer or decimal is a number where a double gives back the same value,
 * else a string. NaN and the infinities, which JSON has not, are strings.
 */
export function jsonCell(cell: Cell, type = ''): string {
  if (typeof cell === 'bigint') {
    const safe = cell >= Number.MIN_SAFE_INTEGER && cell <= Number.MAX_SAFE_INTEGER;
    return safe ? String(cell) : `"${cell}"`;
  }
  if (typeof cell === 'number' && !Number.isFinite(cell)) return `"${cell}"`;
  if (typeof cell === 'string' && isDecimal(type) && survivesDouble(cell)) return cell;
  return JSON.stringify(cell);
}

export function isDecimal(type: string): boolean {
  return type.startsWith('DECIMAL');
}

/** Doubles hold every decimal of up to this many significant digits apart from its neighbours. */
const DOUBLE_DIGITS = 15;

function survivesDouble(decimal: string): boolean {
  return /^-?\d+(\.\d+)?$/.test(decimal) && decimal.replace(/^-?0*\.?0*|\./g, '').length <= DOUBLE_DIGITS;
}

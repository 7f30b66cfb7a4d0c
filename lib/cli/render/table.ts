import Table from 'cli-table3';
import type { Cell } from '../../ports/query-engine';
import type { RowSet } from './rows';

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '  ',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};
const CELL_CHARS_MAX = 60;

/** Columns side by side, numbers to the right. A wide value is cut with an ellipsis: json and csv give it whole. */
export function tableText(
  { columns, types }: Omit<RowSet, 'rows'>,
  rows: readonly (readonly Cell[])[],
): string {
  const numeric = columns.map(
    (_, i) =>
      isDecimal(types?.[i] ?? '') ||
      (rows.some(row => isNumber(row[i])) && rows.every(row => row[i] === null || isNumber(row[i]))),
  );
  const table = new Table({
    head: columns.map(plain),
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: numeric.map(right => (right ? 'right' : 'left')),
  });
  for (const row of rows) table.push(row.map(shown));
  return `${table
    .toString()
    .split('\n')
    .map(line => line.trimEnd())
    .join('\n')}\n`;
}

function isDecimal(type: string): boolean {
  return type.startsWith('DECIMAL');
}

function isNumber(cell: Cell | undefined): boolean {
  return typeof cell === 'number' || typeof cell === 'bigint';
}

/** A cell for eyes. The text NULL is quoted: without quotes it is the absence of a value. */
export function shown(cell: Cell): string {
  if (cell === null) return 'NULL';
  return cell === 'NULL' ? '"NULL"' : plain(String(cell));
}

/** One line without control characters, whole: data must not move a terminal's cursor. */
export function inLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, c => (c === '\n' ? '⏎' : '·'));
}

/** The same, cut to a cell. */
export function plain(text: string): string {
  const line = inLine(text);
  return line.length > CELL_CHARS_MAX ? `${line.slice(0, CELL_CHARS_MAX - 1)}…` : line;
}

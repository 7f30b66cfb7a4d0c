import type { Cell } from './rows';
import { jsonCell } from './json';

/** One record of RFC 4180, with its line end. NULL is a bare empty field, an empty string a quoted one. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvField).join(',')}\r\n`;
}

function csvField(cell: Cell): string {
  if (cell === null) return '';
  const text = cellText(cell);
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A value as plain text: bytes in hex, nested values as JSON. */
export function cellText(cell: Cell): string {
  if (cell instanceof Uint8Array) return Buffer.from(cell).toString('hex');
  if (typeof cell === 'object' && cell !== null) return jsonCell(cell);
  return String(cell);
}

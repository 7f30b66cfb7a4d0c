import type { DuckDBValue } from '@duckdb/node-api';
import type { Cell } from '../../ports/query-engine';

/** DuckDB's values as an answer holds them: nothing is rounded, no time zone is applied. */
export function cellsOf(rows: readonly (readonly DuckDBValue[])[]): Cell[][] {
  return rows.map(row => row.map(cellOf));
}

function cellOf(value: DuckDBValue): Cell {
  if (value === null || typeof value !== 'object') return value;
  // A BLOB, told without its class: loading the module is openDuckDb's to do.
  if ('bytes' in value) return Buffer.from(value.bytes).toString('hex');
  return String(value);
}

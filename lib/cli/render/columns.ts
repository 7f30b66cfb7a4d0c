import type { Cell } from '../../ports/query-engine';
import type { ColumnNews } from '../../stages/ingest/column-news';
import { plain } from './table';

/** Names that are shown; json and csv give more. */
const SHOWN_MAX = 5;

/** `new column colour; lacks status: kept as it was`, or '' where a file has the columns of its table. */
export function columnWords({ newColumns = [], lacking = [] }: ColumnNews): string {
  const parts: string[] = [];
  if (newColumns.length > 0) parts.push(`new column${plural(newColumns)} ${names(newColumns)}`);
  if (lacking.length > 0)
    parts.push(`lacks ${names(lacking)}: kept as ${lacking.length === 1 ? 'it was' : 'they were'}`);
  return parts.join('; ');
}

/** The same as two cells, names joined by commas. */
export function columnCells({ newColumns, lacking }: ColumnNews): Cell[] {
  return [newColumns?.join(', ') ?? null, lacking?.join(', ') ?? null];
}

function names(all: readonly string[]): string {
  const shown = all.slice(0, SHOWN_MAX).map(plain).join(', ');
  return all.length > SHOWN_MAX ? `${shown} and others` : shown;
}

function plural(all: readonly string[]): string {
  return all.length === 1 ? '' : 's';
}

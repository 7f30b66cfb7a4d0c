import type { Cell } from '../../ports/query-engine';
import type { Arrival } from '../../runtime/lake';
import type { Taken } from '../ingest';
import { columnCells, columnWords } from './columns';
import { mendLine } from './mend';
import { changed, standing } from './merge';
import { plain } from './table';
import { counted } from './words';

export const ingestColumns = [
  'file',
  'table',
  'outcome',
  'date',
  'delta',
  'deltas',
  'rows',
  'new',
  'updated',
  'deleted',
  'table_rows',
  'bytes_written',
  'table_bytes',
  'bad_rows',
  'code',
  'reason',
  'new_columns',
  'lacking_columns',
] as const;

export function ingestRow({ file, ingested: i, merged: m }: Taken): Cell[] {
  return [
    ...[file.label, i.table ?? null, i.outcome, i.dateReceived ?? null, i.first ?? null, i.count ?? null],
    ...[i.rows ?? null, m?.rows.new ?? null, m?.rows.changed ?? null, m?.rows.deleted ?? null],
    ...[m?.rows.total ?? null, m?.bytes.written ?? null, m?.bytes.total ?? null],
    ...[i.badRows ?? null, i.error?.code ?? null, i.error?.reason ?? null, ...columnCells(i)],
  ];
}

/** A file's line, and under it what to do when some of it could not be taken in. */
export function ingestLines({ file, ingested, merged }: Taken, width: number): string[] {
  const name = plain(file.label).padEnd(width);
  if (ingested.outcome === 'quarantined') {
    const { code, reason } = ingested.error!;
    return [`${name}  quarantined  [${code}] ${oneLine(reason)}`, mendLine(ingested)];
  }
  if (ingested.outcome === 'sent')
    return [`${name}  uploaded: tidemark trace ${baseName(ingested.object)} --target aws`];
  const leftOut = ingested.leftOut ? `${counted(ingested.leftOut, 'row')} left out by where` : '';
  if (ingested.outcome === 'empty') return [`${name}  ${leftOut || 'no rows'}, nothing to do`];
  if (ingested.outcome === 'seen' && !merged) return [`${name}  seen before, nothing to do`];
  const parts = [name, ingested.dateReceived ?? '', deltas(ingested), counted(ingested.rows ?? 0, 'row')];
  if (ingested.outcome === 'seen') parts.push('seen before, merged now');
  if (merged)
    parts.push(...[changed(merged), standing(merged)].filter(part => part !== '').map(part => ` ${part}`));
  if (leftOut !== '') parts.push(` ${leftOut}`);
  const news = columnWords(ingested);
  if (news !== '') parts.push(` ${news}`);
  const line = parts.filter(part => part !== '').join('  ');
  if (ingested.outcome !== 'rows-quarantined') return [line];
  return [line, `  ${counted(ingested.badRows ?? 0, 'row')} in quarantine`, mendLine(ingested)];
}

/** The last part of a name, by which a trace finds it. */
function baseName(object: string): string {
  return plain(object.slice(object.lastIndexOf('/') + 1));
}

function deltas({ first, count = 0 }: Arrival): string {
  if (first === undefined || count === 0) return 'checked, nothing written';
  return count === 1 ? `delta ${first}` : `deltas ${first} to ${first + count - 1}`;
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}]+/gu, ' ');
}

import type { Cell } from '../../ports/query-engine';
import type { Arrival } from '../../runtime/lake';
import type { ControlTaken } from '../../stages/ingest-stream/follow-control';
import type { InputFile } from '../files';
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
  'left_out',
  'repeated',
  'control',
] as const;

export function ingestRow({ file, ingested: i, merged: m }: Taken): Cell[] {
  return [
    ...[file.label, i.table ?? null, i.outcome, i.dateReceived ?? null, i.first ?? null, i.count ?? null],
    ...[i.rows ?? null, m?.rows.new ?? null, m?.rows.changed ?? null, m?.rows.deleted ?? null],
    ...[m?.rows.total ?? null, m?.bytes.written ?? null, m?.bytes.total ?? null],
    ...[i.badRows ?? null, i.error?.code ?? null, i.error?.reason ?? null, ...columnCells(i)],
    ...[i.leftOut ?? null, i.repeated ?? null, null],
  ];
}

/** What a source says of its tables, in a file of its records. */
export interface Said {
  readonly file: InputFile;
  readonly said: ControlTaken;
}

export function controlRow({ file, said }: Said): Cell[] {
  const { of, schema, table, outcome, code, reason, operation } = said;
  const named = of ?? ([schema, table].filter(Boolean).join('.') || null);
  const cells: Partial<Record<(typeof ingestColumns)[number], Cell>> = {
    ...{ file: file.label, table: named, outcome, control: operation },
    ...{ code: code ?? null, reason: reason ?? null },
  };
  return ingestColumns.map(name => cells[name] ?? null);
}

/** A file's line, and under it what to do when some of it could not be taken in. */
export function ingestLines(taken: Taken, width: number): string[] {
  const { file, ingested, merged, held = '' } = taken;
  const name = plain(file.label).padEnd(width);
  if (ingested.outcome === 'quarantined') {
    const { code, reason } = ingested.error!;
    return [`${name}  quarantined  [${code}] ${oneLine(reason)}`, mendLine(ingested)];
  }
  if (ingested.outcome === 'sent')
    return [`${name}  uploaded: tidemark trace ${baseName(ingested.object)} --target aws`];
  const dropped = droppedWords(ingested);
  if (isIdle(taken)) {
    const why = ingested.outcome === 'seen' ? 'seen before' : dropped || 'no rows';
    return [`${name}  ${[why, held || 'nothing to do'].join(', ')}`];
  }
  const parts = [name, ingested.dateReceived ?? '', ...written(taken)];
  if (ingested.outcome === 'seen') parts.push('seen before, merged now');
  if (merged)
    parts.push(...[changed(merged), standing(merged)].filter(part => part !== '').map(part => ` ${part}`));
  for (const more of [dropped, held]) if (more !== '') parts.push(` ${more}`);
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

/** Nothing of it is new to the table, and no merge was due. */
function isIdle({ ingested: { outcome, first, rows = 0 }, merged, dryRun }: Taken): boolean {
  if (outcome === 'empty') return true;
  if (merged) return false;
  return outcome === 'seen' || (!dryRun && outcome === 'taken-in' && first === undefined && rows === 0);
}

/** Rows that are not the table's, and events that it has. */
function droppedWords({ leftOut = 0, repeated = 0 }: Arrival): string {
  const parts = [
    leftOut > 0 ? `${counted(leftOut, 'row')} left out by where` : '',
    repeated > 0 ? `${counted(repeated, 'event')} dropped that came before` : '',
  ];
  return parts.filter(part => part !== '').join(', ');
}

function written({ ingested: { first, count = 0, rows = 0 }, dryRun }: Taken): string[] {
  if (dryRun) return ['checked, nothing written', counted(rows, 'row')];
  if (first === undefined || count === 0) return [];
  return [count === 1 ? `delta ${first}` : `deltas ${first} to ${first + count - 1}`, counted(rows, 'row')];
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}]+/gu, ' ');
}

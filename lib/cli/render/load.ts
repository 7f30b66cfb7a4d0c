import { formatPosition } from '../../change/position';
import type { CopyPlace, Load } from '../../ledger/loads';
import type { TaskCounts } from '../../ledger/task-counts';
import type { Task } from '../../ledger/tasks';
import type { Cell } from '../../ports/query-engine';
import type { Tally } from '../../runtime/lake';
import type { Loaded, LoadPlan } from '../../runtime/load';
import type { LoadsOfTable, StepStatus } from '../../runtime/load-status';
import type { LoadProgress, LoadWait } from '../../stages/load/project';
import type { Comparison, Validation } from '../../stages/load/validate';
import { changed } from './merge';
import { plain } from './table';
import { bytes, count, counted, duration, instant } from './words';

/** Paths and columns that a line names. */
const NAMED_MAX = 12;

export const planColumns = [
  ...['table', 'load', 'replaces', 'position', 'kind', 'copy', 'source_table', 'format', 'files', 'bytes'],
  ...['rows', 'columns', 'groups', 'changed', 'rows_before', 'files_before', 'bytes_before'],
];

export function planRow({ table, load, place, copy, groups, changed, before }: LoadPlan): Cell[] {
  return [
    ...[table, load?.id ?? null, load?.replaces ?? null, load ? formatPosition(load.position) : null],
    ...[place.kind, place.at.join(' '), place.table, copy.format, copy.files.length, copy.bytes],
    ...[copy.rows ?? null, copy.columns?.map(c => `${c.name} ${c.type}`).join(', ') ?? null, groups],
    ...[changed, before.rows, before.files, before.bytes],
  ];
}

/** What comes in and, of a replace, what goes. @param replaces whether it is one, or would be */
export function planLines(
  { table, load, place, copy, groups, changed, before }: LoadPlan,
  replaces: boolean,
): string[] {
  const rows = copy.rows === undefined ? '' : `, ${counted(copy.rows, 'row')}`;
  const size = `${counted(copy.files.length, 'file')}, ${bytes(copy.bytes)}${rows}`;
  const lines = [
    `${table}  ${load ? `load ${load.id} at position ${formatPosition(load.position)}` : 'nothing begun'}`,
    `  copy      ${placeWords(place)}: ${copy.format}, ${size}`,
    `  columns   ${columnsOf(copy)}`,
    `  tasks     ${counted(groups, 'group')} of files to split`,
  ];
  if (replaces) {
    const { rows: old, files, bytes: size } = before;
    const stands = `${counted(old, 'row')} in ${counted(files, 'file')}, ${bytes(size)}`;
    lines.push(`  replaces  ${stands}: rows that the copy lacks go; changes after the position stay`);
  }
  if (changed) lines.push('  changed   the copy is another than when the load began: its steps begin anew');
  return lines;
}

function columnsOf({ columns }: LoadPlan['copy']): string {
  if (!columns) return 'as the files say them';
  const named = columns.slice(0, NAMED_MAX).map(({ name, type }) => `${plain(name)} ${type}`);
  const more = columns.length - named.length;
  return named.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function placeWords({ kind, at, table }: CopyPlace): string {
  const [first = '', ...others] = at;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  if (kind === 'export') return `${table} of the export ${first}`;
  return kind === 'manifest' ? `manifest ${first}` : `${first}${more}`;
}

/** How many succeeded when a step was first seen here, and when: what the time that is left is reckoned by. */
export interface Begun {
  readonly succeeded: number;
  readonly at: number;
}

/**
 * `split: 3 of 12 tasks, about 300 MB of 1.2 GB, 40 s left`. While it waits it says for what: how long the tasks before took
 * tells nothing of that.
 * @param size bytes of the copy
 */
export function progressWords(
  { step, tasks, waits }: LoadProgress,
  begun: Begun,
  size: number,
  now: number,
): string {
  const all = totalOf(tasks);
  const over = tasks.succeeded + tasks.ignored;
  const parts = [`${step}: ${count(over)} of ${counted(all, 'task')}`];
  // Groups are of about the same size.
  if (step === 'split' && all > 0)
    parts.push(`about ${bytes((size * tasks.succeeded) / all)} of ${bytes(size)}`);
  const done = tasks.succeeded - begun.succeeded;
  const leftMs = done > 0 ? ((now - begun.at) / done) * (all - over) : 0;
  if (waits) parts.push(waitWords(waits));
  else if (leftMs >= 1000) parts.push(`${duration(leftMs)} left`);
  if (tasks.ignored > 0) parts.push(`${count(tasks.ignored)} failed`);
  return parts.join(', ');
}

function waitWords({ owner, until }: LoadWait): string {
  if (owner === undefined) return `waits until ${instant(until)} to try a failed task again`;
  return `waits for a task of ${owner}: free at ${instant(until)}, unless that goes on`;
}

export function failureLine(step: string, task: Task): string {
  const next = task.state === 'ignored' ? 'given up' : 'tried again';
  const { message = '' } = task.errors.at(-1) ?? {};
  return `${step} ${task.id} failed (try ${task.retry}, ${next}): ${message}`;
}

export const loadedColumns = [
  ...['table', 'load', 'entry', 'rows', 'files', 'bytes', 'partitions', 'outdone_rows', 'merged_through'],
  ...['new', 'updated', 'deleted', 'table_rows', 'table_bytes'],
];

export function loadedRow(table: string, { id, n, rows, validation, merged }: Loaded): Cell[] {
  const after = validation?.all.after;
  return [
    ...[table, id, n, rows ?? null, after?.files ?? null, after?.bytes ?? null],
    ...[validation?.partitions.length ?? null, validation?.outdone ?? null, merged?.through ?? null],
    ...[merged?.rows.new ?? null, merged?.rows.changed ?? null, merged?.rows.deleted ?? null],
    ...[merged?.rows.total ?? null, merged?.bytes.total ?? null],
  ];
}

export function loadedLines(table: string, { n, rows, validation, merged }: Loaded): string[] {
  if (rows === undefined)
    return [
      `${table}  this copy was loaded before, as entry ${n}; --again loads it once more`,
      ...(merged ? [mergedLine(merged)] : []),
    ];
  const lines = [`${table}  loaded as entry ${n}: ${counted(rows, 'row')}${filesOf(validation)}`];
  if (validation && validation.outdone > 0)
    lines.push(`  left out  ${counted(validation.outdone, 'row')}: newer ones of their keys count`);
  if (validation && validation.dead > 0)
    lines.push(
      `  deleted   ${counted(validation.dead, 'row')}: the source keeps them, the log has them as deletes`,
    );
  return [...lines, merged ? mergedLine(merged) : '  not merged: the table is paused'];
}

function filesOf(validation: Validation | undefined): string {
  if (!validation) return '';
  const { files, bytes: size } = validation.all.after;
  return ` in ${counted(files, 'file')}, ${bytes(size)}, ${counted(validation.partitions.length, 'partition')}`;
}

function mergedLine(merged: Tally): string {
  const what = [changed(merged), counted(merged.rows.total, 'row')].filter(part => part !== '');
  return `  merged through ${merged.through}: ${what.join('  ')}`;
}

export const taskColumns = ['step', 'task', 'state', 'tries', 'owner', 'until', 'since', 'error'];

export function taskRow(step: string, task: Task): Cell[] {
  const { id, state, token, owner = null, until, since, errors } = task;
  const time = (ms: number) => new Date(ms).toISOString();
  return [
    ...[step, id, state, token, owner, until === undefined ? null : time(until), time(since)],
    errors.at(-1)?.message ?? null,
  ];
}

export const loadColumns = [
  ...['load', 'ordinal', 'state', 'replaces', 'position', 'date', 'begun', 'entry', 'holds', 'copy'],
  ...['split_all', 'split_succeeded', 'split_failed', 'split_ignored', 'split_in_progress'],
  ...['pack_all', 'pack_succeeded', 'pack_failed', 'pack_ignored', 'pack_in_progress'],
];

export function loadRow(load: Load, steps: readonly StepStatus[]): Cell[] {
  const of = (step: string): Cell[] => {
    const tasks = steps.find(s => s.step === step)?.tasks;
    if (!tasks) return [null, null, null, null, null];
    return [totalOf(tasks), tasks.succeeded, tasks.failed, tasks.ignored, tasks.in_progress];
  };
  return [
    ...[load.id, load.ordinal, load.state, load.replaces, formatPosition(load.position), load.dateReceived],
    ...[new Date(load.at).toISOString(), load.n ?? null, load.holds, load.copy.at.join(' ')],
    ...[...of('split'), ...of('pack')],
  ];
}

export function statusLines(table: string, { underWay, steps, past }: LoadsOfTable): string[] {
  if (!underWay) {
    if (past.length === 0) return [`${table}  was never loaded`];
    return [`${table}  no load is under way`, ...past.map(pastLine)];
  }
  const { replaces, holds, position, at, copy } = underWay;
  const kind = replaces ? 'replace' : 'load';
  const waits = holds ? '; the merges of the table wait for it' : '';
  return [
    `${table}  ${kind} ${underWay.id} under way since ${instant(at)}, position ${formatPosition(position)}${waits}`,
    `  copy   ${placeWords(copy)}`,
    ...steps.flatMap(stepLines),
  ];
}

function stepLines({ step, tasks, held, failed }: StepStatus): string[] {
  const states = [
    ...[`${count(tasks.succeeded)} done`, `${count(tasks.in_progress)} in progress`],
    ...[
      `${count(tasks.pending)} pending`,
      `${count(tasks.failed)} failed`,
      `${count(tasks.ignored)} ignored`,
    ],
  ].filter(text => !text.startsWith('0 '));
  const all = totalOf(tasks);
  const words = all === 0 ? 'not planned yet' : `${counted(all, 'task')}: ${states.join(', ')}`;
  return [
    `  ${step.padEnd(5)}  ${words}`,
    ...held.map(t => `    ${t.id}  held by ${t.owner}, until ${instant(t.until ?? 0)}`),
    ...failed.map(t => `    ${t.id}  ${t.state} after ${counted(t.token, 'try', 'tries')}: ${lastError(t)}`),
  ];
}

const lastError = ({ errors }: Task) => (errors.at(-1)?.message ?? '').replace(/[\p{Cc}]+/gu, ' ');

function pastLine({ id, at, n, replaces, copy }: Load): string {
  const kind = replaces ? 'replace' : 'load';
  const became = n === undefined ? 'given up' : `committed as entry ${n}`;
  return `  ${kind} ${id}  begun ${instant(at)}  ${became}  ${placeWords(copy)}`;
}

export const sumsColumns = [
  ...['partition', 'files_before', 'files', 'bytes_before', 'bytes', 'rows_before', 'rows'],
  ...['counted_before', 'counted'],
];

/** By partition, then all. */
export function sumsRows({ partitions, all }: Validation): Cell[][] {
  const row = (name: string, { before, after }: Comparison): Cell[] => [
    ...[name, before.files, after.files, before.bytes, after.bytes, before.rows, after.rows],
    ...[before.counted, after.counted],
  ];
  return [...partitions.map(one => row(one.partition, one)), row('all', all)];
}

function totalOf(tasks: TaskCounts): number {
  return tasks.pending + tasks.in_progress + tasks.failed + tasks.succeeded + tasks.ignored;
}

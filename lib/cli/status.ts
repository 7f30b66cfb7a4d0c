import { Command } from 'commander';
import type { Cell } from '../ports/query-engine';
import type { TableStatus } from '../stages/status';
import { type Cli, options } from './cli';
import { exits } from './exits';
import { sayOfSources, sourceRows } from './render/sources';
import { bytes, count, counted, duration } from './render/words';

export function statusCommand(cli: Cli): Command {
  return new Command('status')
    .description('tables, rows, files, bytes, what waits, and the quarantine')
    .option('--check', 'for monitors: exit code 4 when entries wait too long or files wait in quarantine')
    .addHelpText('after', HELP)
    .option('--sources', 'with --output json or csv: where changes come from, in place of the tables')
    .action(async (flags: { check?: boolean; sources?: boolean }, command: Command) => {
      const lake = await cli.open(command, 'existing');
      const plain = options(command).output === 'table';
      if (flags.sources && !plain) return cli.rows(command, await sourceRows(lake));
      const { tables, quarantined } = await lake.status();
      const letters = await lake.deadLetters();
      const rows = tables.map(plain ? shownRow : exactRow);
      await cli.rows(command, { columns: plain ? SHOWN : EXACT, rows });
      if (plain) await sayOfSources(cli, lake, command, flags.sources);
      if (quarantined > 0) {
        cli.note(`${counted(quarantined, 'file')} in quarantine: tidemark quarantine list`);
      }
      if (letters.length > 0) {
        cli.note(`${counted(letters.length, 'dead letter')}: tidemark quarantine list`);
      }
      if (flags.check && (quarantined + letters.length > 0 || tables.some(table => table.behind)))
        cli.finish(exits.behind);
    });
}

const SHOWN = ['table', 'rows', 'files', 'size', 'merged', 'waiting', 'lag'];

function shownRow(table: TableStatus): Cell[] {
  const { entries, rows } = table.waiting;
  const waiting = entries === 0 ? '-' : `${counted(entries, 'entry', 'entries')}, ${counted(rows, 'row')}`;
  const waits = table.loading ? 'waits for its load' : 'waits for schema apply';
  const stopped = table.loading || table.retyping ? waits : 'paused';
  const notes = [...(table.behind ? ['behind'] : []), ...(table.paused ? [stopped] : [])];
  const noted = notes.length === 0 ? '' : ` (${notes.join(', ')})`;
  const lag = `${entries === 0 ? '-' : duration(table.lagMs)}${noted}`;
  const size = [count(table.rows), count(table.files), bytes(table.bytes)];
  return [table.table, ...size, `through ${table.merged}`, waiting, lag];
}

const EXACT = [
  'table',
  'rows',
  'files',
  'bytes',
  'merged_through',
  'waiting_entries',
  'waiting_rows',
  'lag_ms',
  'behind',
  'paused',
  'loading',
  'retyping',
];

function exactRow({
  table,
  rows,
  files,
  bytes,
  merged,
  waiting,
  lagMs,
  behind,
  paused,
  loading,
  retyping,
}: TableStatus): Cell[] {
  return [
    ...[table, rows, files, bytes, merged, waiting.entries, waiting.rows, lagMs, behind],
    ...[paused, loading, retyping],
  ];
}

const HELP = `
Behind the tables stand the streams and files of records that changes come from: when the newest of what is in arrived
there, and of a deployed lake's streams how long the oldest record has waited that is not in.

A table is behind when its oldest waiting entry waits longer than the table's freshness. One that waits for its load
goes on when the load is committed or given up: tidemark load status <table>; one that waits for schema apply, when that
ended: run it again if it was interrupted.

Examples:
  tidemark status
  tidemark status --check --output json || alert
  tidemark status --sources --output json --target aws
`;

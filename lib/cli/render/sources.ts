import type { Command } from 'commander';
import type { Cell } from '../../ports/query-engine';
import type { Lake } from '../../runtime/lake';
import type { SourceStatus } from '../../stages/source-status';
import type { Cli } from '../cli';
import type { RowSet } from './rows';
import { count, duration, instant } from './words';

const EXACT = ['source', 'kind', 'last_arrival', 'lag_ms', 'quarantined', 'paused_tables'];

/** For machines: every source. */
export async function sourceRows(lake: Lake): Promise<RowSet> {
  return { columns: EXACT, rows: (await lake.sources()).map(exactRow) };
}

function exactRow({ source, kind, lastAt, lagMs, quarantined, paused }: SourceStatus): Cell[] {
  const last = lastAt === undefined ? null : new Date(lastAt).toISOString();
  return [source, kind, last, lagMs ?? null, quarantined, paused.join(' ')];
}

/** A second table, of sources; not where files are all there is, unless they are asked for. */
export async function sayOfSources(cli: Cli, lake: Lake, command: Command, always = false): Promise<void> {
  const sources = await lake.sources();
  for (const { source, fault } of sources) if (fault) cli.note(`${source}: ${fault.message}`);
  if (!always && sources.every(({ kind }) => kind === 'files')) return;
  cli.say('');
  const columns = ['source', 'kind', 'last', 'lag', 'quarantine', 'paused'];
  await cli.rows(command, { columns, rows: sources.map(shownRow) });
}

function shownRow({ source, kind, lastAt, lagMs, quarantined, paused }: SourceStatus): Cell[] {
  const last = lastAt === undefined ? '-' : instant(lastAt);
  const lag = lagMs === undefined ? '-' : duration(lagMs);
  return [source, kind, last, lag, quarantined === 0 ? '-' : count(quarantined), paused.join(', ') || '-'];
}

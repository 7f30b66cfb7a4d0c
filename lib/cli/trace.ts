import { Command } from 'commander';
import type { ReceivedStep } from '../ledger/received';
import type { Trace } from '../stages/trace';
import { type Cli, options } from './cli';
import { neverReceived } from './errors';
import type { Cell } from './render/rows';
import { plain } from './render/table';
import { instant } from './render/words';

export function traceCommand(cli: Cli): Command {
  return new Command('trace')
    .description("a file's way: received, quarantined or delta, snapshot, reports")
    .argument('<file>')
    .addHelpText('after', HELP)
    .action(async (name: string, _flags: object, command: Command) => {
      const lake = await cli.open(command, 'existing');
      const traces = await lake.trace(name);
      if (traces.length === 0) throw neverReceived(name);
      if (options(command).output !== 'table') {
        return cli.rows(command, { columns: COLUMNS, rows: traces.flatMap(traceRows) });
      }
      for (const trace of traces) {
        if (traces.length > 1) cli.say(plain(trace.object));
        cli.say(way(trace));
      }
    });
}

/** `received 10:02:11 > quarantined TM_2103 > delta 2 > snapshot 7306… > no report yet` */
function way({ steps, waits, merged, reports }: Trace): string {
  const stations = steps.map(station);
  if (waits) stations.push(`waits in quarantine: [${waits.code}] ${waits.reason}`);
  else if (!steps.some(step => step.what === 'taken-in')) stations.push('not taken in: ingest was stopped; ingest it again');
  else if (!merged) stations.push('not merged yet: tidemark merge');
  if (merged) stations.push(`snapshot ${merged.orBefore ? 'before ' : ''}${merged.snapshotId}`);
  if (merged && reports.length === 0) stations.push('no report yet');
  for (const { report, at } of reports) stations.push(`report ${report} ${instant(at)}`);
  return stations.join(' > ');
}

function station({ what, at, code, first, count }: ReceivedStep): string {
  if (what === 'quarantined') return `quarantined ${code}`;
  if (what === 'received' || what === 'replayed') return `${what} ${instant(at)}`;
  return count === 1 ? `delta ${first}` : count === 0 ? 'no rows' : `deltas ${first} to ${first! + count! - 1}`;
}

const COLUMNS = ['file', 'table', 'at', 'step', 'code', 'delta', 'deltas', 'snapshot', 'report'];

function traceRows({ object, table, steps, merged, reports }: Trace): Cell[][] {
  const row = (at: number, step: string, rest: Partial<Record<string, Cell>>): Cell[] => [
    ...[object, table || null, new Date(at).toISOString(), step],
    ...COLUMNS.slice(4).map(name => rest[name] ?? null),
  ];
  const rows = steps.map(({ at, what, code, first, count }) => row(at, what, { code, delta: first, deltas: count }));
  if (merged) rows.push(row(merged.at, 'merged', { snapshot: merged.snapshotId }));
  for (const { at, report, snapshotId } of reports) rows.push(row(at, 'report', { report, snapshot: snapshotId }));
  return rows;
}

const HELP = `
Examples:
  tidemark trace orders-changes.csv
  tidemark trace shop/orders/LOAD00000001.csv --output json
`;

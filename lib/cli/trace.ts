import { Command } from 'commander';
import type { ReceivedStep } from '../ledger/received';
import type { Cell } from '../ports/query-engine';
import type { Lake } from '../runtime/lake';
import type { Trace } from '../stages/trace';
import { type Cli, options, tablesOf } from './cli';
import { neverReceived, usage } from './errors';
import { columnCells, columnWords } from './render/columns';
import { plain } from './render/table';
import { instant } from './render/words';

interface RowFlags {
  readonly table?: string;
  readonly key?: string[];
}

export function traceCommand(cli: Cli): Command {
  return new Command('trace')
    .description(
      "a file's way: received, quarantined or delta, snapshot, reports; or every file that touched a row",
    )
    .argument('[file]')
    .option('--table <name>', 'with --key: the table of the row')
    .option('--key <values...>', "the row's key, in the key's order")
    .addHelpText('after', HELP)
    .action(async (name: string | undefined, flags: RowFlags, command: Command) => {
      const lake = await cli.open(command, 'existing');
      if (name === undefined) return traceRow(cli, lake, flags, command);
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

async function traceRow(cli: Cli, lake: Lake, { table, key }: RowFlags, command: Command): Promise<void> {
  if (table === undefined || key === undefined) {
    throw usage('nothing to trace', 'the command line', 'name a file, or a row by --table and --key');
  }
  const touches = await lake.traceKey(tablesOf(lake, [table])[0]!, key);
  const rows = touches.map(touch => [touch.object, touch.entry, touch.dateReceived, touch.op]);
  await cli.rows(command, { columns: ['file', 'delta', 'date', 'op'], rows });
}

/** `received 10:02:11 > quarantined TM_2103 > delta 2 > snapshot 7306… > no report yet` */
function way({ steps, waits, merged, reports }: Trace): string {
  const stations = steps.map(station);
  const takenIn = steps.some(step => step.what === 'taken-in');
  // A replay that names another table or date makes it another file, with a way of its own.
  const wentOn = steps.at(-1)?.what === 'replayed';
  if (waits) stations.push(`waits in quarantine: [${waits.code}] ${waits.reason}`);
  else if (!takenIn && !wentOn) stations.push('not taken in: ingest was stopped; ingest it again');
  else if (takenIn && !merged) stations.push('not merged yet: tidemark merge');
  if (merged) stations.push(`snapshot ${merged.orBefore ? 'before ' : ''}${merged.snapshotId}`);
  if (merged && reports.length === 0) stations.push('no report yet');
  for (const { report, date } of reports) stations.push(`report ${report} ${date}`);
  return stations.join(' > ');
}

function station({ what, at, code, first, count, ...columns }: ReceivedStep): string {
  if (what === 'quarantined') return `quarantined ${code}`;
  if (what === 'received' || what === 'replayed') return `${what} ${instant(at)}`;
  const deltas =
    count === 1 ? `delta ${first}` : count === 0 ? 'no rows' : `deltas ${first} to ${first! + count! - 1}`;
  const news = columnWords(columns);
  return news === '' ? deltas : `${deltas} (${news})`;
}

const COLUMNS = [
  'file',
  'table',
  'at',
  'step',
  'code',
  'delta',
  'deltas',
  'snapshot',
  'report',
  'report_date',
  'new_columns',
  'lacking_columns',
];

function traceRows({ object, table, steps, merged, reports }: Trace): Cell[][] {
  const row = (at: number, step: string, rest: Partial<Record<string, Cell>>): Cell[] => [
    ...[object, table || null, new Date(at).toISOString(), step],
    ...COLUMNS.slice(4).map(name => rest[name] ?? null),
  ];
  const rows = steps.map(({ at, what, code, first, count, ...columns }) => {
    const [new_columns, lacking_columns] = columnCells(columns);
    return row(at, what, { code, delta: first, deltas: count, new_columns, lacking_columns });
  });
  if (merged) rows.push(row(merged.at, 'merged', { snapshot: merged.snapshotId }));
  for (const { at, report, date, snapshotId } of reports) {
    rows.push(row(at, 'report', { report, report_date: date, snapshot: snapshotId }));
  }
  return rows;
}

const HELP = `
Examples:
  tidemark trace orders-changes.csv
  tidemark trace --table orders --key 10017
  tidemark trace shop/orders/LOAD00000001.csv --output json
`;

import { Command } from 'commander';
import type { Cell } from '../ports/query-engine';
import type { RowChange, TableDiff } from '../query/diff';
import { type Cli, options, tablesOf } from './cli';
import type { Progress } from './render/progress';
import type { RowSet } from './render/rows';
import { shown } from './render/table';
import { duration } from './render/words';

export function diffCommand(cli: Cli): Command {
  return new Command('diff')
    .description('rows added, changed (old -> new) and deleted since a point in time')
    .argument('<table>')
    .requiredOption('--since <point>', 'a snapshot id, a date, a time, or "5 minutes ago"')
    .addHelpText('after', HELP)
    .action(async (table: string, flags: { since: string }, command: Command) => {
      const lake = await cli.open(command, 'existing');
      tablesOf(lake, [table]);
      const progress = cli.progress(`comparing ${table}`);
      const compared = await lake.diff(table, flags.since).catch(error => {
        progress.stop();
        throw error;
      });
      const found = { ...compared, rows: untilFirst(compared.rows, progress) };
      if (found.from) {
        const { snapshotId, behindMs } = found.from;
        const before =
          behindMs !== undefined && behindMs > 0 ? `, committed ${duration(behindMs)} before that` : '';
        cli.note(`since snapshot ${snapshotId}${before}`);
      } else cli.note(`since before the table's first snapshot: every row is new`);
      if (options(command).output !== 'table') {
        return cli.rows(command, found.key.length > 0 ? ofColumns(found) : ofRows(found));
      }
      for await (const change of found.rows) cli.say(changeLine(change));
    });
}

/** The rows; the progress stops when the first of them is there, as the engine works until then. */
async function* untilFirst<Row>(rows: AsyncIterable<Row>, progress: Progress): AsyncGenerator<Row> {
  try {
    for await (const row of rows) {
      progress.stop();
      yield row;
    }
  } finally {
    progress.stop();
  }
}

/** `changed  10017  status: open -> paid` */
export function changeLine({ kind, key, row, changes }: RowChange): string {
  const what = changes
    ? changes.map(c => `${c.column}: ${shown(c.from)} -> ${shown(c.to)}`).join(', ')
    : Object.entries(row ?? {})
        .map(([name, value]) => `${name}: ${shown(value)}`)
        .join(', ');
  const keyed = key.length > 0 ? `  ${key.map(shown).join(' ')}` : '';
  return `${kind.padEnd(7)}${keyed}${what === '' ? '' : `  ${what}`}`;
}

function ofColumns(found: TableDiff): RowSet {
  const columns = ['change', ...found.key.map(name => `key_${name}`), 'column', 'from', 'to'];
  return { columns, rows: cellRows(found) };
}

/** Without a key a row's columns would not be known for those of one row. */
function ofRows({ columns, rows }: TableDiff): RowSet {
  const cells = async function* () {
    for await (const { kind, row } of rows) yield [kind, ...columns.map(name => row?.[name] ?? null)];
  };
  return { columns: ['change', ...columns], rows: cells() };
}

/** One row a column that differs: an added row's columns have no `from`, a deleted one's no `to`. */
async function* cellRows({ rows }: TableDiff): AsyncGenerator<Cell[]> {
  for await (const { kind, key, row, changes } of rows) {
    for (const { column, from, to } of changes ?? []) yield [kind, ...key, column, from, to];
    for (const [column, value] of Object.entries(row ?? {})) {
      yield [kind, ...key, column, ...(kind === 'added' ? [null, value] : [value, null])];
    }
  }
}

const HELP = `
Examples:
  tidemark diff orders --since "5 minutes ago"
  tidemark diff orders --since 2021-01-02 --output csv
`;

import { Command } from 'commander';
import type { TableSummary } from '../query/open';
import { type Cli, options } from './cli';
import type { Output, RowSet } from './render/rows';
import { bytes, count, instant } from './render/words';

export function tablesCommand(cli: Cli): Command {
  return new Command('tables')
    .description('every table, view and report that a query can name')
    .addHelpText('after', HELP)
    .action(async (_flags: object, command: Command) => {
      const lake = await cli.open(command, 'existing');
      const query = await lake.query();
      await cli.rows(command, tableRows(await query.tables(), options(command).output));
    });
}

/** What there is to query; sizes rounded for eyes, exact elsewhere. A history is computed, so it has none. */
export function tableRows(tables: readonly TableSummary[], output: Output): RowSet {
  const columns = ['name', 'kind', 'rows', 'files', 'bytes', 'snapshot', 'committed'];
  if (output !== 'table') {
    const rows = tables.map(t => [
      ...[t.name, t.kind, t.rows ?? null, t.files ?? null, t.bytes ?? null, t.snapshotId ?? null],
      t.committedAt === undefined ? null : new Date(t.committedAt).toISOString(),
    ]);
    return { columns, rows };
  }
  const or = <T>(value: T | undefined, text: (value: T) => string) =>
    value === undefined ? '' : text(value);
  const rows = tables.map(t => [
    ...[t.name, t.kind, or(t.rows, count), or(t.files, count), or(t.bytes, bytes), or(t.snapshotId, String)],
    or(t.committedAt, instant),
  ]);
  return { columns, rows };
}

const HELP = `
Examples:
  tidemark tables
  tidemark tables --output json
`;

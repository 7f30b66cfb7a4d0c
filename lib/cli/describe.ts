import { Command } from 'commander';
import type { Cli } from './cli';

export function describeCommand(cli: Cli): Command {
  return new Command('describe')
    .description("a table's columns and types; bookkeeping columns stand last")
    .argument('<table>', 'a table, its _deltas or _history, or a report')
    .addHelpText('after', HELP)
    .action(async (name: string, _flags: object, command: Command) => {
      const lake = await cli.open(command, 'existing');
      const columns = await (await lake.query()).describe(name);
      const key = lake.config.tables.find(table => table.name === name)?.key ?? [];
      const rows = columns.map(column => [column.name, column.type, key.includes(column.name) ? 'key' : '']);
      await cli.rows(command, { columns: ['column', 'type', 'role'], rows });
    });
}

const HELP = `
Examples:
  tidemark describe employees
  tidemark describe employees_history --output csv
`;

import { Command } from 'commander';
import { type Cli, tablesOf } from './cli';

export function historyCommand(cli: Cli): Command {
  return new Command('history')
    .description('every state of one row, deletes included, with the times between which it held')
    .argument('<table>')
    .argument('<key...>', "the key's values, in the key's order")
    .addHelpText('after', HELP)
    .action(async (table: string, key: string[], _flags: object, command: Command) => {
      const lake = await cli.open(command, 'existing');
      tablesOf(lake, [table]);
      const { columns, rows } = await lake.history(table, key);
      await cli.rows(command, { columns: columns.map(c => c.name), types: columns.map(c => c.type), rows });
    });
}

const HELP = `
Examples:
  tidemark history employees 7
  tidemark history order_items 10017 3 --output json
`;

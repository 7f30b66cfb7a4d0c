import { Command } from 'commander';
import type { Tally } from '../runtime/lake';
import { type Cli, options, tablesOf } from './cli';
import { mergeColumns, mergeLine, mergeRow } from './render/merge';

export function mergeCommand(cli: Cli): Command {
  return new Command('merge')
    .description('merge what waits in the delta logs into the tables')
    .argument('[tables...]', 'default: all')
    .addHelpText('after', HELP)
    .action(async (names: string[], _flags: object, command: Command) => {
      const lake = await cli.open(command, 'existing');
      const tallies: { table: string; tally: Tally | undefined }[] = [];
      const plain = options(command).output === 'table';
      for (const table of tablesOf(lake, names)) {
        const progress = cli.progress(`merging ${table.name}`);
        const tally = await lake.merge(table).finally(() => progress.stop());
        tallies.push({ table: table.name, tally });
        if (plain) cli.say(mergeLine(table.name, tally));
      }
      if (!plain)
        await cli.rows(command, {
          columns: mergeColumns,
          rows: tallies.map(t => mergeRow(t.table, t.tally)),
        });
    });
}

const HELP = `
ingest merges what it takes in; this merges what ingest --no-merge left, or what a crash did.

Examples:
  tidemark merge
  tidemark merge employees --output json
`;

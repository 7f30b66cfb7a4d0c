import { Command } from 'commander';
import { type Cli, tablesOf } from './cli';
import { counted } from './render/words';

export function rebuildCommand(cli: Cli): Command {
  return new Command('rebuild')
    .description('fold the delta log again into new files and replace all in one commit')
    .argument('[tables...]', 'default: all')
    .addHelpText('after', HELP)
    .action(async (names: string[], _flags: object, command: Command) => {
      const lake = await cli.open(command, 'existing');
      for (const table of tablesOf(lake, names)) {
        const progress = cli.progress(`rebuilding ${table.name}`);
        const built = await lake.rebuild(table).finally(() => progress.stop());
        const became = built
          ? `rebuilt through delta ${built.through}: ${counted(built.rows, 'row')} in ${counted(built.files, 'file')}`
          : 'nothing to rebuild';
        cli.say(`${table.name}  ${became}`);
      }
    });
}

const HELP = `
Readers see the old rows until the commit and the new ones after it, never an empty table.

Examples:
  tidemark rebuild employees
`;

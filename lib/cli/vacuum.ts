import { Command } from 'commander';
import type { Cli } from './cli';
import { bytes, counted } from './render/words';

export function vacuumCommand(cli: Cli): Command {
  return new Command('vacuum')
    .description('remove files that nothing names, in two runs a day apart')
    .addHelpText('after', HELP)
    .action(async (_flags: object, command: Command) => {
      const lake = await cli.open(command, 'existing');
      const progress = cli.progress('looking for files that nothing names');
      const { objects, bytes: size, waiting } = await lake.vacuum().finally(() => progress.stop());
      cli.say(
        `removed ${counted(objects, 'file')} (${bytes(size)}), ${counted(waiting, 'file')} left to a later run`,
      );
    });
}

const HELP = `
A file that nothing names is noted by one run and removed by a later one, a day after: a reader or a writer may be at
it until then. Old snapshots are expired first.

Examples:
  tidemark vacuum
`;

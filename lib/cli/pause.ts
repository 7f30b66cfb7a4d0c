import { Command } from 'commander';
import { type Cli, tablesOf } from './cli';

export function pauseCommand(cli: Cli): Command {
  return new Command('pause')
    .description('stop the merges of tables: what is taken in waits')
    .argument('<tables...>')
    .addHelpText('after', PAUSE_HELP)
    .action(async (names: string[], _flags: object, command: Command) => {
      const lake = await cli.open(command, 'existing');
      for (const table of tablesOf(lake, names)) {
        const done = await lake.pause(table);
        cli.say(`${table.name}  ${done ? 'paused' : 'was paused before'}`);
      }
    });
}

export function resumeCommand(cli: Cli): Command {
  return new Command('resume')
    .description('let the merges of paused tables go on')
    .argument('<tables...>')
    .addHelpText('after', RESUME_HELP)
    .action(async (names: string[], _flags: object, command: Command) => {
      const lake = await cli.open(command, 'existing');
      for (const table of tablesOf(lake, names)) {
        const done = await lake.resume(table);
        cli.say(`${table.name}  ${done ? 'resumed' : 'was not paused'}`);
      }
    });
}

const PAUSE_HELP = `
Files and records are taken in as before, and readers go on; a merge that is running ends with the slice in hand.

Examples:
  tidemark pause employees
  tidemark pause employees users --target aws
`;

const RESUME_HELP = `
What waited is merged by the next ingest or tidemark merge; a deployed lake begins at once.

Examples:
  tidemark resume employees
`;

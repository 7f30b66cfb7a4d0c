import { Command } from 'commander';
import { type Cli, options } from './cli';
import { exits } from './exits';
import { loadsOf } from './load-where';
import * as render from './render/load';
import { mergeLine } from './render/merge';

export function statusCommand(cli: Cli): Command {
  return new Command('status')
    .description('the load that is under way, its tasks and their errors; or the last loads')
    .argument('<table>')
    .option('--tasks', 'a row a task that is held or failed')
    .addHelpText('after', STATUS_HELP)
    .action(async (name: string, flags: { tasks?: boolean }, command: Command) => {
      const { loads, table } = await loadsOf(cli, command, name, 'existing');
      const status = await loads.status(table);
      const { underWay, steps, past } = status;
      if (flags.tasks) {
        const rows = steps.flatMap(({ step, held, failed }) =>
          [...held, ...failed].map(task => render.taskRow(step, task)),
        );
        return cli.rows(command, { columns: render.taskColumns, rows });
      }
      if (options(command).output === 'table') {
        for (const line of render.statusLines(name, status)) cli.say(line);
        return;
      }
      const rows = [
        ...(underWay ? [render.loadRow(underWay, steps)] : []),
        ...past.map(load => render.loadRow(load, [])),
      ];
      await cli.rows(command, { columns: render.loadColumns, rows });
    });
}

export function validateCommand(cli: Cli): Command {
  return new Command('validate')
    .description('files, bytes and rows of the load before and after, in all and by partition')
    .argument('<table>')
    .addHelpText('after', VALIDATE_HELP)
    .action(async (name: string, _flags: object, command: Command) => {
      const { loads, table } = await loadsOf(cli, command, name, 'existing');
      const validation = await loads.validate(table);
      await cli.rows(command, { columns: render.sumsColumns, rows: render.sumsRows(validation) });
      for (const difference of validation.differences) cli.note(`differs: ${difference}`);
      if (validation.differences.length > 0) cli.finish(exits.failed);
    });
}

export function abandonCommand(cli: Cli): Command {
  return new Command('abandon')
    .description("give the load up; the table's merges go on")
    .argument('<table>')
    .addHelpText('after', ABANDON_HELP)
    .action(async (name: string, _flags: object, command: Command) => {
      const { lake, loads, table } = await loadsOf(cli, command, name, 'existing');
      const { id } = await loads.abandon(table);
      cli.say(`${name}  load ${id} given up`);
      const merged = await lake.merge(table);
      if (merged) cli.say(mergeLine(name, merged));
    });
}

const STATUS_HELP = `
Examples:
  tidemark load status orders
  tidemark load status orders --tasks --output json
`;

const VALIDATE_HELP = `
Before: the parts that splitting wrote. After: the table's files. load run does the same before it commits, and commits
nothing where rows differ. Exit code 1 when they do.

Examples:
  tidemark load validate orders
  tidemark load validate orders --output csv
`;

const ABANDON_HELP = `
Nothing of the load was visible, and nothing will be. What waited for it is merged; its files go with vacuum.

Examples:
  tidemark load abandon orders
`;

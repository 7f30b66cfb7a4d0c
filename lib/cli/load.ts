import { Command } from 'commander';
import type { LoadOptions, RunOptions } from '../runtime/load';
import type { LoadProgress } from '../stages/load/project';
import { type Cli, options } from './cli';
import { abandonCommand, statusCommand, validateCommand } from './load-look';
import { type Asked, loadsOf, type WhereFlags, withRunning, withWhere } from './load-where';
import * as render from './render/load';
import type { Progress } from './render/progress';

/** Loads of copies of whole tables: a command a step. */
export function loadCommand(cli: Cli): Command {
  const load = new Command('load')
    .description('bring a copy of a whole table into the lake: an export, files, what a manifest names')
    .addHelpText('after', HELP);
  load.addCommand(planCommand(cli));
  load.addCommand(runCommand(cli));
  load.addCommand(statusCommand(cli));
  load.addCommand(retryCommand(cli));
  load.addCommand(validateCommand(cli));
  load.addCommand(abandonCommand(cli));
  return load;
}

function planCommand(cli: Cli): Command {
  return withWhere(new Command('plan'))
    .description('show what a load would take in, and begin it')
    .option('--dry-run', 'begin nothing')
    .addHelpText('after', PLAN_HELP)
    .action(
      async (name: string, from: string[], flags: WhereFlags & { dryRun?: boolean }, command: Command) => {
        const { loads, table } = await loadsOf(cli, command, name, 'begin');
        const progress = cli.progress(`${name}: looking at the copy`);
        const plan = await loads.plan(table, { ...flags, from }).finally(() => progress.stop());
        if (options(command).output !== 'table')
          return cli.rows(command, { columns: render.planColumns, rows: [render.planRow(plan)] });
        const replaces = plan.load?.replaces ?? flags.replace === true;
        for (const line of render.planLines(plan, replaces)) cli.say(line);
        if (plan.load) cli.note(`next: tidemark load run ${name}`);
      },
    );
}

function runCommand(cli: Cli): Command {
  return withRunning(withWhere(new Command('run')))
    .description('load the copy, or go on with the load that is under way')
    .addHelpText('after', RUN_HELP)
    .action(async (name: string, from: string[], flags: WhereFlags, command: Command) => {
      const { loads, table } = await loadsOf(cli, command, name, 'begin');
      await runLoad(cli, command, { loads, table }, { ...flags, from });
    });
}

function retryCommand(cli: Cli): Command {
  return withRunning(new Command('retry'))
    .description('let failed tasks start again, then go on with the load')
    .argument('<table>')
    .argument('[task]', 'default: all that failed or are ignored')
    .option('--no-run', 'leave the rest to load run')
    .addHelpText('after', RETRY_HELP)
    .action(
      async (
        name: string,
        task: string | undefined,
        flags: WhereFlags & { run: boolean },
        command: Command,
      ) => {
        const { loads, table } = await loadsOf(cli, command, name, 'existing');
        const count = await loads.retry(table, task);
        cli.note(`${name}: ${count} ${count === 1 ? 'task' : 'tasks'} may start again`);
        const { workers, wait } = flags;
        if (flags.run) await runLoad(cli, command, { loads, table }, { workers, wait });
      },
    );
}

async function runLoad(
  cli: Cli,
  command: Command,
  { loads, table }: Pick<Asked, 'loads' | 'table'>,
  flags: LoadOptions & Pick<RunOptions, 'workers' | 'wait'>,
): Promise<void> {
  const { name } = table;
  const told = options(command).output === 'table' ? cli.say.bind(cli) : cli.note.bind(cli);
  const progress = cli.progress(`${name}: looking at the copy`);
  let size = 0;
  try {
    const loaded = await loads.run(table, {
      ...flags,
      stop: cli.io.stop,
      onPlanned: plan => {
        size = plan.copy.bytes;
        for (const line of render.planLines(plan, plan.load?.replaces ?? false)) told(line);
      },
      onProgress: progressOf(progress, name, () => size),
      onFailed: (step, task) => cli.note(render.failureLine(step, task)),
    });
    progress.stop();
    if (!loaded) return cli.note(`${name}: begun; see: tidemark load status ${name} --target aws`);
    if (options(command).output !== 'table')
      return await cli.rows(command, {
        columns: render.loadedColumns,
        rows: [render.loadedRow(name, loaded)],
      });
    for (const line of render.loadedLines(name, loaded)) cli.say(line);
  } finally {
    progress.stop();
  }
}

function progressOf(progress: Progress, name: string, size: () => number): (news: LoadProgress) => void {
  const begun = new Map<string, render.Begun>();
  return news => {
    const { step, since, tasks } = news;
    const first = begun.get(step) ?? { succeeded: tasks.succeeded, at: since };
    begun.set(step, first);
    progress.update(`${name}: ${render.progressWords(news, first, size(), Date.now())}`);
  };
}

const HELP = `
A load reads the copy, derives columns as the config says, writes the table's files, compares the sums, and becomes one
entry of the log: until then no reader sees any of it, after that all. What a crash or Ctrl-C leaves, load run goes on
with.

Examples:
  tidemark load plan orders exports/orders/ --dry-run
  tidemark load run orders exports/orders/
  tidemark load status orders
  tidemark load retry orders
`;

const PLAN_HELP = `
Without --dry-run the load is begun: its position is settled, and a table that has no rows yet waits for it.

Examples:
  tidemark load plan orders exports/orders/ --dry-run
  tidemark load plan orders my-export/ --source-table shop.orders --replace
`;

const RUN_HELP = `
A plain load never overrules what changed since the copy was taken, though the merge counts such rows as updated: they
are written anew. With --replace the copy counts.

Without <where> it goes on with the load that is under way. Ctrl-C ends the tasks in hand and stops; load run goes on.
With --target aws the lake's functions do the load: Ctrl-C ends only the looking on, and load run joins it again.

Examples:
  tidemark load run orders exports/orders/
  tidemark load run orders orders-manifest.json --workers 2
  tidemark load run orders my-export/ --replace --output json
  tidemark load run orders s3://my-exports/2026-01/ --target aws
`;

const RETRY_HELP = `
A task that failed three times is ignored until it is retried. Where the config or the copy was mended, the steps begin
anew.

Examples:
  tidemark load retry orders
  tidemark load retry orders 000003-0f343b0931126a20f133d67c2b018a3b --no-run
`;

import { Command } from 'commander';
import type { Deployment } from '../runtime/deploy/deploy';
import type { Retained } from '../runtime/deploy/retained';
import type { Cli } from './cli';
import { deploymentOf } from './deploy';
import { usage } from './errors';

interface DestroyFlags {
  readonly withData?: boolean;
  readonly yesDelete?: string;
}

export function destroyCommand(cli: Cli): Command {
  return new Command('destroy')
    .description('take a deployed lake away; with --with-data its buckets, ledger, streams and databases too')
    .argument('[cdk...]', 'after --: what cdk destroy is to be told')
    .option('--with-data', 'remove all data for good')
    .option('--yes-delete <name>', "the lake's name, where nobody can be asked to type it")
    .addHelpText('after', HELP)
    .action(async (args: string[], flags: DestroyFlags, command: Command) => {
      const deployment = await deploymentOf(cli, command);
      const { cdk } = await import('../runtime/deploy/cdk');
      // While the stacks stand they say what is theirs; afterwards only names do.
      const retained = flags.withData ? await found(cli, deployment) : undefined;
      if (retained) await confirmed(cli, deployment.config.name, flags.yesDelete);
      const forced = flags.withData ? ['--force', ...args] : args;
      await cdk({ command: 'destroy', ...deployment, args: forced });
      if (!retained) return cli.say('the data stays: tidemark adopt takes it into a new deploy');
      const { removeData } = await import('../runtime/deploy/deploy');
      await removeData(deployment, retained, name => cli.say(`removing ${name}`));
      cli.say(`nothing of ${deployment.config.name} is left`);
    });
}

async function found(cli: Cli, deployment: Deployment): Promise<Retained> {
  const { retainedOf } = await import('../runtime/deploy/deploy');
  const retained = await retainedOf(deployment);
  cli.note('This removes for good, every version of every file:');
  for (const name of Object.values(retained.adopted)) cli.note(`  ${name}`);
  for (const name of retained.databases) cli.note(`  database ${name}`);
  return retained;
}

/** A lake is removed by who types its name. @throws TM_7001 otherwise */
async function confirmed(cli: Cli, name: string, said: string | undefined): Promise<void> {
  const refused = (what: string) =>
    usage(what, 'the command line', `type the lake's name, ${name}, or say --yes-delete ${name}`);
  if (said === undefined && !cli.io.interactive) throw refused('nobody is there to be asked');
  const typed = said ?? (await ask(name));
  if (typed !== name) throw refused(`"${typed}" is not the lake's name: nothing was removed`);
}

async function ask(name: string): Promise<string> {
  const { input } = await import('@inquirer/prompts');
  return input({ message: `Type the lake's name (${name}) to remove it` });
}

const HELP = `
Without --with-data the stacks go, and all data stays. A removal that ended half way goes on when it is run again.
The CDK asks once; where nobody can be asked, tell it so: -- --force

Examples:
  tidemark destroy
  tidemark destroy -- --force
  tidemark destroy --with-data
  tidemark destroy --with-data --yes-delete shop
`;

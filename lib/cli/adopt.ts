import { Command } from 'commander';
import type { Cli } from './cli';
import { deploymentOf } from './deploy';

export function adoptCommand(cli: Cli): Command {
  return new Command('adopt')
    .description('deploy a lake anew over the data that a destroyed one left')
    .argument('[cdk...]', 'after --: what cdk deploy is to be told')
    .option('--dry-run', 'show what is there; deploy nothing')
    .addHelpText('after', HELP)
    .action(async (args: string[], flags: { dryRun?: boolean }, command: Command) => {
      const deployment = await deploymentOf(cli, command);
      const { announceAdopted, noteAdopted, retainedOf } = await import('../runtime/deploy/deploy');
      const retained = await retainedOf(deployment);
      for (const [what, name] of Object.entries(retained.adopted)) cli.say(`${what}  ${name}`);
      for (const name of retained.databases) cli.say(`Database  ${name}`);
      if (flags.dryRun) return;
      const file = await noteAdopted(deployment, retained);
      cli.say(`wrote ${file}: keep it beside the config, every later deploy reads it`);
      const { cdk } = await import('../runtime/deploy/cdk');
      await cdk({ command: 'deploy', ...deployment, args: ['--import-existing-resources', ...args] });
      await announceAdopted(deployment);
    });
}

const HELP = `
The name in the config, the account and the region have to be those of the lake that was destroyed.

Examples:
  tidemark adopt --dry-run
  tidemark adopt
`;

import { Command } from 'commander';
import { stackNames } from '../config/deployed';
import { monthlyFloor, total } from '../config/floor';
import type { ResolvedLake } from '../config/resolved';
import type { Deployment } from '../runtime/deploy/deploy';
import { type Cli, options } from './cli';
import { plain } from './render/table';

interface DeployFlags {
  readonly dryRun?: boolean;
  readonly diff?: boolean;
}

export function deployCommand(cli: Cli): Command {
  return new Command('deploy')
    .description(
      'show what a deploy makes and costs, check it against the lake that stands, then run cdk deploy',
    )
    .argument('[cdk...]', 'after --: what cdk is to be told')
    .option('--dry-run', 'show and check; deploy nothing')
    .option('--diff', 'show what would change of each stack (cdk diff); deploy nothing')
    .addHelpText('after', HELP)
    .action(async (args: string[], flags: DeployFlags, command: Command) => {
      const deployment = await deploymentOf(cli, command);
      const { cdk, checkCdk } = await import('../runtime/deploy/cdk');
      if (!flags.dryRun) checkCdk();
      for (const line of floorLines(deployment.config)) cli.say(line);
      await checked(cli, deployment, flags);
      if (flags.dryRun) return;
      await cdk({ command: flags.diff ? 'diff' : 'deploy', ...deployment, args });
    });
}

/** The config that the command line means, and the account that its surroundings mean. */
export async function deploymentOf(cli: Cli, command: Command): Promise<Deployment> {
  const { readDeployment } = await import('../runtime/deploy/deploy');
  const { cwd, environment } = cli.io;
  return readDeployment({ config: options(command).config, cwd, environment });
}

/** `stream orders: 1 shard, 7 days kept   $25.55`, and the sum. */
function floorLines(lake: ResolvedLake): string[] {
  const floor = monthlyFloor(lake);
  const { storage, pipeline, dms } = stackNames(lake.name);
  const stacks = floor.some(({ what }) => what.startsWith('replication '))
    ? [storage, pipeline, dms]
    : [storage, pipeline];
  const sum = { what: 'a month without any change', month: total(floor) };
  const rows = [...floor, sum];
  const width = Math.max(...rows.map(({ what }) => plain(what).length));
  return [
    `stacks ${stacks.join(', ')}`,
    ...rows.map(({ what, month }) => `  ${plain(what).padEnd(width)}  ${dollars(month).padStart(8)}`),
    '  about, in us-east-1, without free tiers; what changes cost comes on top (docs/cost.md)',
  ];
}

const dollars = (month: number) => `$${month.toFixed(2)}`;

/** @throws TM_3010 for a key that changed, TM_8021 for reports that do not run, TM_5209 when nobody is signed in */
async function checked(cli: Cli, deployment: Deployment, { dryRun }: DeployFlags): Promise<void> {
  const { checkDeployment } = await import('../runtime/deploy/deploy');
  const { reportsBroken } = await import('../runtime/deploy/errors');
  const progress = cli.progress('asking the lake that stands');
  const found = await checkDeployment(deployment).finally(() => progress.stop());
  if (found.is === 'unasked') {
    if (!dryRun) throw found.error;
    return cli.note('nobody is signed in to AWS: nothing was checked');
  }
  if (found.is === 'first') return cli.note(`no lake ${deployment.config.name} stands yet: nothing to check`);
  const { broken } = found;
  for (const { error } of broken) cli.note(error.message);
  if (broken.length > 0) throw reportsBroken(broken.map(({ report }) => report));
  cli.say('keys and reports go with the lake that stands');
}

const HELP = `
The account and region are those of the environment (AWS_PROFILE, AWS_REGION). An account and region that the CDK was
never used in need cdk bootstrap first.

Examples:
  tidemark deploy --dry-run
  tidemark deploy --diff
  tidemark deploy
  tidemark deploy -- --require-approval never
`;

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { liveArguments, liveName, planOf, refusal } from './arguments';
import { awsWorld } from './aws-world';
import { type Versions, verifiedPage } from './page';
import { type Outcome, runLive } from './run';
import { stepsFrom } from './steps';

const PAGE = 'docs/verified-on-aws.md';

/**
 * `npm run test:live`: shows its plan, and with `--yes` carries it out in the account that the environment means.
 * @returns the exit code: 0 shown and destroyed, 1 not, 2 refused
 */
export async function main(root: string, args: readonly string[]): Promise<number> {
  const start = Date.now();
  const name = liveName(randomBytes(3));
  const steps = stepsFrom(join(root, 'examples'), start);
  let given: ReturnType<typeof liveArguments>;
  try {
    given = liveArguments(args);
  } catch (error) {
    console.error(`${(error as Error).message}\nnpm run test:live -- [--yes] [--keep]`);
    return 2;
  }
  console.error(planOf(name, steps, given.keep));
  const refused = refusal(given, process.env);
  if (refused) {
    console.error(refused);
    return 2;
  }
  const folder = join(root, '.cache/live', name);
  const interrupt = new AbortController();
  process.on('SIGINT', () => interrupt.abort(new Error('interrupted')));
  const world = awsWorld({ name, root, folder, interrupted: interrupt.signal });
  const outcome = await runLive(world, steps, given.keep);
  return conclude(root, outcome, folder, given.keep);
}

function conclude(root: string, outcome: Outcome, folder: string, keep: boolean): number {
  if (outcome.remains.length > 0) {
    console.error(`left in the account: ${outcome.remains.join(', ')}`);
    console.error(`to remove it: npx tidemark destroy --with-data --config ${folder}/tidemark.config.ts`);
  }
  if (outcome.failure) console.error(`${outcome.failure.step} failed; ${PAGE} is not written`);
  if (outcome.failure || keep) return outcome.failure ? 1 : 0;
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(join(root, PAGE), verifiedPage(outcome, versionsOf(root), date));
  console.error(
    `wrote ${PAGE}. List it in docs/README.md, and take out of README.md that nobody has run this.`,
  );
  return 0;
}

function versionsOf(root: string): Versions {
  const packageOf = (path: string) =>
    (JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8')) as { version: string }).version;
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  return {
    tidemark: packageOf('.'),
    commit: git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '-uno') === '' ? '' : '+'),
    node: process.version,
    cdk: packageOf('node_modules/aws-cdk'),
    cdkLib: packageOf('node_modules/aws-cdk-lib'),
  };
}

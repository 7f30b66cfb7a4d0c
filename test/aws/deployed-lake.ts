import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LakeConfig } from '../../lib/config/define';
import { pascal, workgroupNames } from '../../lib/config/deployed';
import { type Deployed, deploy } from './deployer/deploy';
import { synth } from './deployer/synth';
import { type Driver, type DriverOptions, drive } from './driver/driver';

const ROOT = join(__dirname, '../..');

/** What `node scripts/aws.mjs` sets: without it nothing of this runs. */
const NODE24 = process.env.TIDEMARK_NODE24;

/** `describe`, or a skip that says why. */
export const describeDeployed = (name: string, tests: () => void) =>
  NODE24 && process.env.TIDEMARK_ATHENA
    ? describe(name, tests)
    : describe.skip(`${name} (skipped: node scripts/aws.mjs starts what it needs)`, tests);

/** A lake deployed from what `cdk synth` writes of this clone, in the stand-ins. */
export interface DeployedLake {
  readonly name: string;
  readonly deployed: Deployed;
  readonly driver: Driver;
  /** A folder of this run: the config file, the cloud assembly, the functions' logs. */
  readonly folder: string;
  readonly config: string;
  stop(): void;
}

/**
 * Synthesises the app that `npm run build` made, with the clone's own tidemark.config.ts under a name that no other run
 * bears, and deploys it.
 * @param changes what else is other than in the clone's config, option by option; tables and reports are added
 */
export async function deployedLake(
  kind: string,
  changes: Partial<LakeConfig>,
  delivery: Pick<DriverOptions, 'chances' | 'aheadMs'> = {},
): Promise<DeployedLake> {
  const name = `${kind}-${process.pid}-${Date.now().toString(36)}`;
  const folder = mkdtempSync(join(tmpdir(), `tidemark-${kind}-`));
  const config = join(folder, 'tidemark.config.ts');
  // A config and the SQL that it names stand in one folder.
  cpSync(join(ROOT, 'examples/reports'), join(folder, 'examples/reports'), { recursive: true });
  const own = JSON.stringify({ name, ...changes });
  writeFileSync(
    config,
    `import own from ${JSON.stringify(join(ROOT, 'tidemark.config.ts'))};
const { name, tables, reports, ...rest } = ${own};
export default {
  ...own,
  ...rest,
  name,
  tables: { ...own.tables, ...tables },
  reports: { ...own.reports, ...reports },
};
`,
  );
  await synth(config, join(folder, 'cdk.out'));
  const deployed = await deploy(join(folder, 'cdk.out'));
  const logs = join(folder, 'logs');
  mkdirSync(logs);
  const driver = drive(deployed, {
    lake: pascal(name),
    workgroup: workgroupNames(name).system,
    node: NODE24!,
    logs,
    ...delivery,
  });
  const stop = () => {
    driver.stop();
    // TIDEMARK_KEEP leaves the logs and the assembly of a run that failed, to be looked into.
    if (!process.env.TIDEMARK_KEEP) rmSync(folder, { recursive: true, force: true });
  };
  return { name, deployed, driver, folder, config, stop };
}

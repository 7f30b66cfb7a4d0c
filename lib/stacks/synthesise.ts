import { App } from 'aws-cdk-lib';
import { readAdopted } from '../config/adopted';
import { checkDeployable } from '../config/check-deploy';
import { configMissing } from '../config/errors';
import { findConfig, loadConfig } from '../config/load';
import { deployLake } from './deploy-lake';

/**
 * What the CDK runs: the stacks of the config that its context names, else of the nearest above the folder.
 * @param context the CDK's flags
 * @throws TM_1001 to TM_1006 for the config, TM_8001 to TM_8004 for what stands in no config
 */
export async function synthesise(folder: string, context: Record<string, unknown>): Promise<void> {
  const app = new App({ context });
  const file = (app.node.tryGetContext('config') as string | undefined) ?? (await findConfig(folder));
  if (!file) throw configMissing(folder);
  const lake = await loadConfig(file);
  checkDeployable(lake, file);
  deployLake(app, lake, undefined, await readAdopted(file));
  app.synth();
}

import { App } from 'aws-cdk-lib';
import { configMissing } from '../lib/config/errors';
import { findConfig, loadConfig } from '../lib/config/load';
import { TidemarkError } from '../lib/errors';
import { deployLake } from '../lib/stacks/deploy-lake';

async function main(): Promise<void> {
  const app = new App();
  const file = (app.node.tryGetContext('config') as string | undefined) ?? (await findConfig(process.cwd()));
  if (!file) throw configMissing(process.cwd());
  deployLake(app, await loadConfig(file));
  app.synth();
}

main().catch((error: unknown) => {
  console.error(error instanceof TidemarkError ? error.message : error);
  process.exitCode = 1;
});

import { App } from 'aws-cdk-lib';
import { context } from '../cdk.json';
import { readAdopted } from '../lib/config/adopted';
import { configMissing } from '../lib/config/errors';
import { findConfig, loadConfig } from '../lib/config/load';
import { TidemarkError } from '../lib/errors';
import { deployLake } from '../lib/stacks/deploy-lake';

async function main(): Promise<void> {
  // The CDK's flags belong to this app, wherever it is run from.
  const app = new App({ context });
  const file = (app.node.tryGetContext('config') as string | undefined) ?? (await findConfig(process.cwd()));
  if (!file) throw configMissing(process.cwd());
  const adopted = await readAdopted(file);
  deployLake(app, await loadConfig(file), undefined, adopted);
  app.synth();
}

main().catch((error: unknown) => {
  console.error(error instanceof TidemarkError ? error.message : error);
  process.exitCode = 1;
});

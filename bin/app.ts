import { App } from 'aws-cdk-lib';
import { findConfig, loadConfig } from '../lib/config/load';
import { StorageStack } from '../lib/stacks/storage';

async function main(): Promise<void> {
  const app = new App();
  const file = (app.node.tryGetContext('config') as string | undefined) ?? (await findConfig(process.cwd()));
  if (!file) throw new Error('no tidemark.config.ts here: name one with -c config=<path>');
  const lake = await loadConfig(file);
  new StorageStack(app, `${lake.name}-storage`, { name: lake.name });
  app.synth();
}

void main();

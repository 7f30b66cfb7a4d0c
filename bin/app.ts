import { context } from '../cdk.json';
import { TidemarkError } from '../lib/errors';
import { checkPeers } from '../lib/runtime/deploy/peers';

async function main(): Promise<void> {
  checkPeers(require.resolve);
  // Only now: where the CDK's library is missing, whatever imports it ends in a stack trace.
  const { synthesise } = await import('../lib/stacks/synthesise');
  // The CDK's flags belong to this app, wherever it is run from.
  await synthesise(process.cwd(), context);
}

main().catch((error: unknown) => {
  console.error(error instanceof TidemarkError ? error.message : error);
  process.exitCode = 1;
});

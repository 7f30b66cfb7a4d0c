import { peersMissing } from './errors';

/** What stacks are made with. Optional peers of the package: whoever deploys nothing needs neither. */
const PEERS = ['aws-cdk-lib', 'constructs'];

/**
 * @param resolve finds a module from where the stacks' code stands, and throws when it does not
 * @throws TM_8026
 */
export function checkPeers(resolve: (module: string) => unknown): void {
  const missing = PEERS.filter(name => !isThere(resolve, `${name}/package.json`));
  if (missing.length > 0) throw peersMissing(missing);
}

function isThere(resolve: (module: string) => unknown, module: string): boolean {
  try {
    resolve(module);
    return true;
  } catch {
    return false;
  }
}

import { TidemarkError } from '../../errors';

/** TM_8021: reports whose SQL does not run on the engine that is to run it; nothing was deployed. */
export const reportsBroken = (names: readonly string[]) =>
  new TidemarkError(
    'TM_8021',
    `the SQL of ${names.length} reports does not run`,
    names.join(', '),
    'mend it (tidemark report <name> --check --target aws says where), then deploy',
  );

/** TM_8022: the CDK ended with an error, which stands above. */
export const cdkFailed = (command: string, code: number | null) =>
  new TidemarkError(
    'TM_8022',
    `cdk ${command} ended with ${code === null ? 'a signal' : `code ${code}`}`,
    'cdk',
    'mend what it says above, and run the command again: it goes on where it was',
  );

/** TM_8023: nothing that a lake of this name left is in the account and region. */
export const nothingRetained = (lake: string) =>
  new TidemarkError(
    'TM_8023',
    `nothing of a lake ${lake} is in this account and region`,
    `lake ${lake}`,
    'name another account or region by AWS_PROFILE and AWS_REGION, or deploy a new lake: tidemark deploy',
  );

/** TM_8024: a lake that is deployed has its data; there is nothing to adopt. */
export const stillDeployed = (lake: string) =>
  new TidemarkError(
    'TM_8024',
    `the lake ${lake} is deployed`,
    `lake ${lake}`,
    'deploy it again: tidemark deploy',
  );

/** TM_8025: something has the name that several lakes' resources could have; nothing tells which is meant. */
export const retainedAmbiguous = (what: string, found: readonly string[]) =>
  new TidemarkError(
    'TM_8025',
    `there are several of ${what}: ${found.join(', ')}`,
    'the account',
    'write the right one into tidemark.adopted.json beside the config, and run tidemark deploy',
  );

/** TM_8026: the CDK's library, an optional peer of the package, is not installed beside it. */
export const peersMissing = (names: readonly string[]) =>
  new TidemarkError(
    'TM_8026',
    `what stacks are made with is not installed: ${names.join(', ')}`,
    'the folder of the config',
    'npm install aws-cdk-lib constructs, and run the command again',
  );

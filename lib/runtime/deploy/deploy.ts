import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SQSClient } from '@aws-sdk/client-sqs';
import { announceObjects } from '../../adapters/aws/announce';
import { clientSettings } from '../../adapters/aws/clients';
import { checkDeployable } from '../../config/check-deploy';
import { ADOPTED_FILE } from '../../config/deployed';
import { loadConfig } from '../../config/load';
import type { ResolvedLake } from '../../config/resolved';
import { TidemarkError } from '../../errors';
import type { Environment } from '../aws-config';
import { openDeployedLake } from '../deployed/deployed';
import { findOutputs } from '../deployed/find';
import { locateConfig, type Whereabouts } from '../locate';
import { type BrokenReport, brokenReports, checkKeys } from './checks';
import { nothingRetained, stillDeployed } from './errors';
import { findRetained, type Retained, removeRetained, retainedClients } from './retained';

/** A config that is to be deployed, or was, in the account and region that the environment means. */
export interface Deployment {
  readonly configFile: string;
  readonly config: ResolvedLake;
  readonly cwd: string;
  readonly environment: Environment;
}

export async function readDeployment(
  where: Pick<Whereabouts, 'config' | 'cwd'> & { readonly environment: Environment },
): Promise<Deployment> {
  const configFile = await locateConfig(where);
  const config = await loadConfig(configFile);
  return { configFile, config, cwd: where.cwd, environment: where.environment };
}

/** What the deployed lake says to the config. first: there is none yet. unasked: nobody is signed in. */
export type Checked =
  | { readonly is: 'first' }
  | { readonly is: 'unasked'; readonly error: TidemarkError }
  | { readonly is: 'checked'; readonly broken: readonly BrokenReport[] };

/**
 * Asks a lake that stands whether it can become what the config says.
 * @throws TM_1003 for a config that cannot be deployed, TM_3010 when a table stands with another key
 */
export async function checkDeployment({
  configFile,
  config,
  cwd,
  environment,
}: Deployment): Promise<Checked> {
  checkDeployable(config, configFile);
  try {
    const lake = await openDeployedLake({ config: configFile, cwd, environment });
    await checkKeys(lake);
    return { is: 'checked', broken: await brokenReports(lake) };
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error;
    // TM_8012: an older version's, or a deploy that ended half way.
    if (error.code === 'TM_8011' || error.code === 'TM_8012') return { is: 'first' };
    if (error.code === 'TM_5209') return { is: 'unasked', error };
    throw error;
  }
}

/** What a lake has in the account, whether its stacks stand or not. @throws TM_8023 when there is nothing */
export async function retainedOf({ config, environment }: Deployment): Promise<Retained> {
  const retained = await findRetained(retainedClients(environment), config);
  const { adopted, databases } = retained;
  if (Object.keys(adopted).length + databases.length === 0) throw nothingRetained(config.name);
  return retained;
}

export async function removeData(
  { environment }: Deployment,
  retained: Retained,
  each: (name: string) => void,
): Promise<void> {
  await removeRetained(retainedClients(environment), retained, each);
}

/**
 * Notes what a new deploy is to take in, beside the config.
 * @returns the file @throws TM_8024 while the lake is deployed
 */
export async function noteAdopted(
  { config, configFile }: Deployment,
  { adopted }: Retained,
): Promise<string> {
  if (await isDeployed(config.name)) throw stillDeployed(config.name);
  const file = join(dirname(configFile), ADOPTED_FILE);
  await writeFile(file, `${JSON.stringify(adopted, undefined, 2)}\n`);
  return file;
}

/** After a deploy that took a landing in: its objects are announced to the new queue. */
export async function announceAdopted({ config, environment }: Deployment): Promise<void> {
  const outputs = await findOutputs(config.name);
  const where = { bucket: outputs('LandingBucket'), queue: outputs('IngestQueue') };
  await announceObjects(retainedClients(environment).s3, new SQSClient(clientSettings()), where);
}

async function isDeployed(lake: string): Promise<boolean> {
  try {
    await findOutputs(lake);
    return true;
  } catch (error) {
    if (error instanceof TidemarkError && error.code === 'TM_8011') return false;
    throw error;
  }
}

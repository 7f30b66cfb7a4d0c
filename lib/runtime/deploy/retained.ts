import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GlueClient } from '@aws-sdk/client-glue';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { S3Client } from '@aws-sdk/client-s3';
import { clientSettings } from '../../adapters/aws/clients';
import {
  accountNames,
  databaseExists,
  type RetainedClients,
  removeBucket,
  removeDatabase,
  removeLedger,
  removeStream,
} from '../../adapters/aws/retained';
import {
  type Adopted,
  databaseNames,
  pascal,
  type RetainedKey,
  retainedKeys,
  stackNames,
} from '../../config/deployed';
import type { ResolvedLake } from '../../config/resolved';
import { TidemarkError } from '../../errors';
import type { Environment } from '../aws-config';
import { findOutputs } from '../deployed/find';
import { retainedAmbiguous } from './errors';

/** What holds a lake's data in an account, by the names it has there. */
export interface Retained {
  readonly adopted: Adopted;
  readonly databases: readonly string[];
}

export function retainedClients(environment: Environment): RetainedClients {
  const settings = clientSettings();
  return {
    s3: new S3Client({ ...settings, forcePathStyle: environment.TIDEMARK_S3_PATH_STYLE === 'true' }),
    dynamo: new DynamoDBClient(settings),
    glue: new GlueClient(settings),
    kinesis: new KinesisClient(settings),
  };
}

/**
 * What a lake has, by its stacks' outputs; when they are gone, by the names that CloudFormation gave: the stack's, the
 * logical id's, which is pinned, and some random letters.
 * @throws TM_8025 when several have such a name
 */
export async function findRetained(clients: RetainedClients, lake: ResolvedLake): Promise<Retained> {
  const names = databaseNames(lake.name);
  const databases: string[] = [];
  for (const name of [names.tables, names.staging])
    if (await databaseExists(clients.glue, name)) databases.push(name);
  return { adopted: (await stated(lake)) ?? (await named(clients, lake)), databases };
}

async function stated(lake: ResolvedLake): Promise<Adopted | undefined> {
  try {
    const outputs = await findOutputs(lake.name);
    return Object.fromEntries(retainedKeys(lake).map(key => [key, outputs(key)]));
  } catch (error) {
    if (error instanceof TidemarkError && error.code === 'TM_8011') return undefined;
    throw error;
  }
}

async function named(clients: RetainedClients, lake: ResolvedLake): Promise<Adopted> {
  const { buckets, ledgers, streams } = await accountNames(clients);
  const found: [RetainedKey, string][] = [];
  for (const key of retainedKeys(lake)) {
    const start = `${stackNames(lake.name).storage}-${pascal(lake.name)}${key}`;
    const all = key.endsWith('Bucket') ? buckets : key === 'Ledger' ? ledgers : streams;
    const own = all.filter(name => isMadeFrom(name, key.endsWith('Bucket') ? start.toLowerCase() : start));
    if (own.length > 1) throw retainedAmbiguous(key, own);
    if (own.length === 1) found.push([key, own[0]!]);
  }
  return Object.fromEntries(found);
}

const isMadeFrom = (name: string, start: string) =>
  name.startsWith(`${start}-`) && /^[a-z0-9]+$/i.test(name.slice(start.length + 1));

/** Removes all of it for good; run again after a failure, it goes on. */
export async function removeRetained(
  clients: RetainedClients,
  { adopted, databases }: Retained,
  each: (name: string) => void,
): Promise<void> {
  for (const database of databases) {
    each(`database ${database}`);
    await removeDatabase(clients.glue, database);
  }
  for (const [key, name] of Object.entries(adopted)) {
    if (name === undefined) continue;
    each(name);
    if (key.endsWith('Bucket')) await removeBucket(clients.s3, name);
    else if (key === 'Ledger') await removeLedger(clients.dynamo, name);
    else await removeStream(clients.kinesis, name);
  }
}

import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { clientSettings } from '../../adapters/aws/clients';
import { stackOutputs } from '../../adapters/aws/stacks';
import { type OutputKey, outputName, stackNames } from '../../config/deployed';
import type { ResolvedLake } from '../../config/resolved';
import type { Environment } from '../aws-config';
import { notDeployed, outputMissing } from '../lake-errors';

/** What the stacks of a lake say of it. @throws TM_8012 for an output that they lack */
export type Outputs = (key: OutputKey) => string;

/**
 * A deployed lake's outputs, found by its name in the account and region that the environment means.
 * @throws TM_8011 when it is not there, TM_5209 without credentials
 */
export async function findOutputs(lake: string): Promise<Outputs> {
  const client = new CloudFormationClient(clientSettings());
  const names = Object.values(stackNames(lake));
  try {
    const found = await stackOutputs(client, names, outputName(lake, 'Ledger'));
    if (found.size === 0) throw notDeployed(lake);
    return key => {
      const value = found.get(outputName(lake, key));
      if (!value) throw outputMissing(lake, key);
      return value;
    };
  } finally {
    client.destroy();
  }
}

/** The lake as its functions are told of it (lib/constructs/pipeline/environment.ts), for whoever has the config. */
export function environmentOf(outputs: Outputs, config: ResolvedLake, own: Environment): Environment {
  return {
    ...own,
    TIDEMARK_LAKE_BUCKET: outputs('LakeBucket'),
    TIDEMARK_LANDING_BUCKET: outputs('LandingBucket'),
    TIDEMARK_LEDGER: outputs('Ledger'),
    TIDEMARK_DATABASE: outputs('Database'),
    TIDEMARK_STAGING_DATABASE: outputs('StagingDatabase'),
    TIDEMARK_WORKGROUP: outputs('SystemWorkgroup'),
    TIDEMARK_INGEST_QUEUE: outputs('IngestQueue'),
    TIDEMARK_MERGE_QUEUE: outputs('MergeQueue'),
    TIDEMARK_REPORT_QUEUE: outputs('ReportQueue'),
    TIDEMARK_WINDOW_SECONDS: String(config.deploy.windowSeconds),
  };
}

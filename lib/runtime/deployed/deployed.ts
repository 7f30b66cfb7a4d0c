import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../config/load';
import type { QueryEngine } from '../../ports/query-engine';
import type { QueryJob } from '../../ports/query-jobs';
import { learnUndeclared } from '../../stages/undeclared';
import { awsLakeOf } from '../aws';
import type { Environment } from '../aws-config';
import { withQueries } from '../aws-queries';
import type { Lake } from '../lake';
import { locateConfig, type Whereabouts } from '../locate';
import { maintained } from '../maintain';
import { recordFiles } from '../record-files';
import { environmentOf, findOutputs } from './find';
import { landing } from './landing';
import { letters } from './letters';
import { loading } from './loading';
import { merging } from './merging';
import { athenaIn, querying } from './querying';
import { reporting } from './reporting';
import { watching } from './watching';

export interface DeployedOptions extends Pick<Whereabouts, 'config' | 'cwd'> {
  readonly environment: Environment;
  /** Told of every query that ended, with the bytes it read: that is what it cost. */
  readonly onQuery?: (job: QueryJob) => void;
}

/**
 * A lake in an AWS account, found by the config's name among the stacks of the account and region that the environment
 * means. What its functions do they are asked to do; the rest is done from here, with the caller's rights.
 * @throws TM_1001 to TM_1006 for the config, TM_8011 when it is not deployed, TM_5209 without credentials
 */
export async function openDeployedLake({ onQuery, ...where }: DeployedOptions): Promise<Lake> {
  const configFile = await locateConfig(where);
  const config = await loadConfig(configFile);
  const outputs = await findOutputs(config.name);
  const environment = environmentOf(outputs, config, where.environment);
  const lake = withQueries(awsLakeOf(config, environment), environment);
  await learnUndeclared(lake.ports, config);
  const database = outputs('Database');
  const engines = new Map<string, QueryEngine>();
  const engine = (workgroup: string) => {
    const known = engines.get(workgroup) ?? athenaIn({ workgroup, database }, lake.ports.ids, onQuery);
    engines.set(workgroup, known);
    return known;
  };
  const { resume, ...others } = maintained(lake.ports, config);
  const { merge } = merging(lake);
  return {
    config,
    configFile,
    ports: lake.ports,
    ...others,
    ...landing(lake),
    // By the ports, as a replay is: a stream that took them twice would not know it.
    ...recordFiles(lake.ports, config, join(tmpdir(), 'tidemark-records')),
    merge,
    ...loading(lake, { outputs, environment, merge }),
    ...letters(lake, outputs, environment),
    ...watching(lake, outputs),
    ...reporting(lake, () => engine(outputs('SystemWorkgroup'))),
    ...querying(lake, database, () => engine(outputs('Workgroup'))),
    async resume(table) {
      const ended = await resume(table);
      // Wake-ups that came meanwhile did nothing and are gone.
      if (ended) await lake.wakeUps.merge(table.name);
      return ended;
    },
    close: async () => {},
  };
}

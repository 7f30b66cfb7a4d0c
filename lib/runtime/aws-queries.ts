import { readFile } from 'node:fs/promises';
import { AthenaClient } from '@aws-sdk/client-athena';
import { GlueClient } from '@aws-sdk/client-glue';
import { athenaJobs } from '../adapters/aws/athena';
import { glueCatalog } from '../adapters/aws/catalog';
import { clientSettings } from '../adapters/aws/clients';
import type { AthenaReportPorts } from '../stages/athena-report/ports';
import { type AwsLake, awsLake } from './aws';
import { type Environment, variable } from './aws-config';

export interface AwsQueryLake extends AwsLake {
  /** The lake's ports, and those that run SQL: Athena in the lake's own workgroup. */
  readonly queryPorts: AthenaReportPorts;
}

/** The lake with its queries. @throws TM_8201, TM_8202 */
export function awsQueryLake(environment: Environment): AwsQueryLake {
  return withQueries(awsLake(environment), environment);
}

/** A lake and its queries. @throws TM_8201 */
export function withQueries(lake: AwsLake, environment: Environment): AwsQueryLake {
  const settings = clientSettings();
  const { store, ids } = lake.ports;
  const databases = {
    lake: variable(environment, 'TIDEMARK_DATABASE'),
    staging: variable(environment, 'TIDEMARK_STAGING_DATABASE'),
  };
  const workgroup = variable(environment, 'TIDEMARK_WORKGROUP');
  const queryPorts: AthenaReportPorts = {
    ...lake.ports,
    jobs: athenaJobs(new AthenaClient(settings), { workgroup, database: databases.lake }),
    staging: glueCatalog(new GlueClient(settings), { database: databases.staging, store, ids }),
    readSql: file => readFile(file, 'utf8'),
    databases,
  };
  return { ...lake, queryPorts };
}

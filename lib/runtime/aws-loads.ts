import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { clientSettings } from '../adapters/aws/clients';
import { duckDbCopyEngine } from '../adapters/local/duckdb-copy';
import { localScratch } from '../adapters/local/scratch';
import { type LoadSteps, loadSteps } from '../stages/load/steps';
import { awsLake } from './aws';
import { type Environment, variable } from './aws-config';
import { openCopy } from './load-copy';
import { ownScratch } from './load-scratch';
import { s3Copies } from './s3-copies';

/** Of 1769 MB: DuckDB takes a few hundred beyond its limit, what is ours the rest. */
const MEMORY_LIMIT = '900MB';

/**
 * The steps of loads as the function `load` does them. DuckDB works on files of the function's own disk; what a process
 * that died has left there is removed by the next.
 * @throws TM_8201, TM_8202
 */
export function awsLoadSteps(environment: Environment): LoadSteps {
  const lake = awsLake(environment);
  const { config, ports, wakeUps } = lake;
  const from = JSON.parse(variable(environment, 'TIDEMARK_LOAD_FROM')) as string[];
  const forcePathStyle = environment.TIDEMARK_S3_PATH_STYLE === 'true';
  const s3 = new S3Client({ ...clientSettings(), forcePathStyle });
  const room = s3Copies(s3, from, { ...lake, lake: variable(environment, 'TIDEMARK_LAKE_BUCKET') });
  const folder = ownScratch(join(tmpdir(), 'tidemark-loads'), ports.ids.fresh());
  const engine = duckDbCopyEngine({ tempFolder: join(folder, 'spills'), memoryLimit: MEMORY_LIMIT });
  return loadSteps({
    config,
    ports: { ...ports, engine, scratch: localScratch(folder) },
    open: (table, place) => openCopy(room, table, place),
    workersMax: Number(variable(environment, 'TIDEMARK_LOAD_WORKERS')),
    owner: `${hostname()}/${ports.ids.fresh()}`,
    wake: table => wakeUps.merge(table),
  });
}

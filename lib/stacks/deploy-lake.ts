import type { Construct } from 'constructs';
import { type Adopted, stackNames } from '../config/deployed';
import type { ResolvedLake } from '../config/resolved';
import { dmsSources } from '../constructs/dms/source';
import { DmsStack } from './dms';
import { PipelineStack } from './pipeline';
import { StorageStack } from './storage';

/**
 * A lake as stacks of its own, one construct each; the one of DMS only for a config that names such a source.
 * @param bundles a folder with a folder of code for each function; default: the package's own
 * @param adopted what a lake of that name left in the account
 */
export function deployLake(app: Construct, lake: ResolvedLake, bundles?: string, adopted?: Adopted): void {
  const names = stackNames(lake.name);
  const { storage } = new StorageStack(app, names.storage, { lake, adopted });
  const { pipeline } = new PipelineStack(app, names.pipeline, { lake, storage, bundles });
  if (dmsSources(lake).length === 0) return;
  new DmsStack(app, names.dms, { lake, storage, alarms: pipeline.alarms.topic, bundles });
}

import { join } from 'node:path';
import { Grant, type IGrantable, type ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { LakeConfig } from '../config/define';
import { loadConfigSync, resolveWhole } from '../config/load-sync';
import type { ResolvedLake } from '../config/resolved';
import { Dms } from './dms/dms';
import { dmsSources } from './dms/source';
import { noIntake } from './errors';
import { governReaders } from './lake-formation';
import { Pipeline } from './pipeline/pipeline';
import { queryRights } from './storage/query-rights';
import { Storage } from './storage/storage';

export interface LakeProps {
  /** The config itself, or the path of a config file. */
  readonly config: LakeConfig | string;
  /** Where the SQL of its reports stands, for a config that is no file. Default: the working directory. */
  readonly folder?: string;
  /** A folder with a folder of code for each function. Default: the package's own. */
  readonly bundles?: string;
}

/**
 * A whole lake in the caller's stack: `new Lake(this, 'Shop', { config: 'tidemark.config.ts' })`.
 * @throws TM_1001 to TM_1006 for the config, TM_8001 and TM_8002 for the functions' code
 */
export class Lake extends Construct {
  readonly storage: Storage;
  readonly pipeline: Pipeline;
  /** Where the config names such a source. */
  readonly dms: Dms | undefined;
  private readers = 0;

  constructor(scope: Construct, id: string, { config, folder = process.cwd(), bundles }: LakeProps) {
    super(scope, id);
    const lake: ResolvedLake =
      typeof config === 'string'
        ? loadConfigSync(config)
        : resolveWhole(config, join(folder, 'tidemark.config.ts'));
    this.storage = new Storage(this, 'Storage', { lake });
    this.pipeline = new Pipeline(this, 'Pipeline', { lake, storage: this.storage, bundles });
    const { topic: alarms } = this.pipeline.alarms;
    const { storage } = this;
    this.dms =
      dmsSources(lake).length > 0 ? new Dms(this, 'Dms', { lake, storage, alarms, bundles }) : undefined;
  }

  /** What an analyst needs, to be attached to users and roles. */
  get queryPolicy(): ManagedPolicy {
    return this.storage.queryPolicy;
  }

  /**
   * Lets a role, user or function post events to an http source whose authorizer is `iam`.
   * @param source its name in the config; it has to be there
   */
  grantPost(grantee: IGrantable, source: string): Grant {
    const intake = this.pipeline.intakes.get(source);
    if (!intake) throw noIntake(source, [...this.pipeline.intakes.keys()]);
    return intake.grantPost(grantee);
  }

  /** Lets a role, user or function query every table of the lake in the people's workgroup. */
  grantQuery(grantee: IGrantable): Grant {
    const principal = grantee.grantPrincipal;
    if (this.storage.permissions === 'lake-formation') {
      const arn =
        'roleArn' in principal ? principal.roleArn : 'userArn' in principal ? principal.userArn : undefined;
      if (typeof arn === 'string')
        governReaders(this, `Reader${this.readers++}`, arn, this.storage.databases);
    }
    return queryRights(this.storage)
      .map(statement => {
        const { actions, resources: resourceArns } = statement;
        return Grant.addToPrincipal({ grantee, actions, resourceArns });
      })
      .reduce((all, grant) => all.combine(grant));
  }
}

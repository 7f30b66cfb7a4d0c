import { Rule } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { pascal } from '../../config/deployed';
import type { ResolvedLake } from '../../config/resolved';
import type { Storage } from '../storage/storage';
import { accountRoles } from './account-roles';
import { Control } from './control';
import { type Network, namedNetwork, SmallNetwork } from './network';
import { Replication } from './replication';
import { type DmsSource, dmsSources } from './source';

export interface DmsProps {
  readonly lake: ResolvedLake;
  readonly storage: Storage;
  /** Told when a replication fails. */
  readonly alarms: ITopic;
  readonly bundles?: string;
}

/** The replications of a lake; only for a config that names such a source. */
export class Dms extends Construct {
  private smallNetwork: SmallNetwork | undefined;

  constructor(scope: Construct, id: string, { lake, storage, alarms, bundles }: DmsProps) {
    super(scope, id);
    const sources = dmsSources(lake);
    const create = sources.some(([, source]) => source.accountRoles === 'create');
    const roles = create ? accountRoles(this) : [];
    const control = new Control(this, 'Control', { bundles, roles });
    // Names of sources are the user's: in a scope of their own none meets one of ours.
    const replications = new Construct(this, 'Replications');
    for (const [name, source] of sources) {
      const network = this.networkOf(source);
      const props = { lake, name, source, storage, network, control };
      const { arn } = new Replication(replications, pascal(name), props);
      this.tell(name, arn, alarms);
    }
  }

  /** One small network for all that name none. */
  private networkOf(source: DmsSource): Network {
    const named = namedNetwork(source);
    if (named) return named;
    this.smallNetwork ??= new SmallNetwork(this, 'Network');
    return this.smallNetwork;
  }

  /** DMS's own word that a replication failed: docs/runbook.md#a-replication-stopped. */
  private tell(name: string, arn: string, alarms: ITopic): void {
    new Rule(this, `Failed${pascal(name)}`, {
      description: `The replication ${name} failed. What to do: docs/runbook.md#a-replication-stopped`,
      eventPattern: { source: ['aws.dms'], resources: [arn], detail: { category: ['Failure'] } },
      targets: [new SnsTopic(alarms)],
    });
  }
}

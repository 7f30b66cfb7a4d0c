import { CustomResource, Duration, Stack } from 'aws-cdk-lib';
import type { CfnEndpoint, CfnReplicationConfig, CfnReplicationSubnetGroup } from 'aws-cdk-lib/aws-dms';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { bundleOf } from '../bundles';
import { LakeFunction } from '../pipeline/lake-function';

export interface ControlProps {
  readonly bundles?: string;
  /** Roles that this deploy makes. */
  readonly roles: readonly Role[];
}

/** What DMS refuses to change as long as the replication runs. */
export interface Changed {
  readonly config: CfnReplicationConfig;
  readonly endpoints: readonly CfnEndpoint[];
  readonly subnets: CfnReplicationSubnetGroup;
}

/** IAM needs that long until a new role is known everywhere: the first deploy waits. */
const ROLE_SECONDS = 30;

const TIMEOUT_SECONDS = 900;

/**
 * Starts replications, stops each before it is updated and resumes it afterwards: CloudFormation itself makes a
 * replication and never starts it, and DMS refuses to change one that runs (lambdas/replication).
 */
export class Control extends Construct {
  private readonly function: LakeFunction;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ControlProps,
  ) {
    super(scope, id);
    this.function = new LakeFunction(this, 'replication', {
      code: bundleOf('replication', props.bundles),
      timeoutSeconds: TIMEOUT_SECONDS,
      // A list, which knows no resource to name; what may be started and stopped comes with each replication.
      statements: [new PolicyStatement({ actions: ['dms:DescribeReplications'], resources: ['*'] })],
    });
  }

  /**
   * Puts a stop before what is to be changed and a start behind it. Both change whenever a setting does, and only
   * then: their properties are the settings. A deploy that fails in between is rolled back through the same two, so
   * the replication goes on with the old settings.
   */
  surround(scope: Construct, replication: string, { config, endpoints, subnets }: Changed): void {
    const { roles } = this.props;
    this.function.rights.addStatements(
      new PolicyStatement({
        actions: ['dms:StartReplication', 'dms:StopReplication'],
        resources: [replication],
      }),
    );
    // Not the subnet group, which comes after it, but what that is made of.
    const { replicationSubnetGroupId: _, ...compute } =
      config.computeConfig as CfnReplicationConfig.ComputeConfigProperty;
    const settings = Stack.of(scope).toJsonString([
      compute,
      subnets.subnetIds,
      config.tableMappings,
      config.replicationSettings,
      ...endpoints.map(({ mySqlSettings, s3Settings, kinesisSettings, certificateArn }) => ({
        mySqlSettings,
        s3Settings,
        kinesisSettings,
        certificateArn,
      })),
    ]);
    const moment = (name: 'before' | 'after') =>
      new CustomResource(scope, name, {
        serviceToken: this.function.lambda.functionArn,
        resourceType: 'Custom::TidemarkReplication',
        serviceTimeout: Duration.seconds(TIMEOUT_SECONDS + 60),
        properties: {
          Moment: name,
          Replication: replication,
          Settings: settings,
          SettleSeconds: roles.length > 0 ? ROLE_SECONDS : 0,
        },
      });
    const before = moment('before');
    before.node.addDependency(...roles);
    for (const resource of [config, subnets, ...endpoints]) resource.node.addDependency(before);
    moment('after').node.addDependency(config);
  }
}

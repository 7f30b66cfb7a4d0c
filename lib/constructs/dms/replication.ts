import { ArnFormat, Names, Stack } from 'aws-cdk-lib';
import { CfnReplicationConfig, CfnReplicationSubnetGroup } from 'aws-cdk-lib/aws-dms';
import { Construct } from 'constructs';
import type { ResolvedLake } from '../../config/resolved';
import type { Storage } from '../storage/storage';
import type { Control } from './control';
import { sourceEndpoint, targetEndpoint } from './endpoints';
import type { Network } from './network';
import { replicationSettings } from './replication-settings';
import type { DmsSource } from './source';
import { tableMappings } from './table-mappings';

export interface ReplicationProps {
  readonly lake: ResolvedLake;
  readonly name: string;
  readonly source: DmsSource;
  readonly storage: Storage;
  readonly network: Network;
  readonly control: Control;
}

/** One serverless replication: a load of every table, then each change. */
export class Replication extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, props: ReplicationProps) {
    super(scope, id);
    const { lake, name, source, storage, network, control } = props;
    // Ours to choose, and part of the ARN: what stops the replication before an update knows it before it is made.
    const resourceIdentifier = Names.uniqueResourceName(this, {
      maxLength: 31,
      separator: '-',
    }).toLowerCase();
    this.arn = Stack.of(this).formatArn({
      service: 'dms',
      resource: 'replication-config',
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      resourceName: resourceIdentifier,
    });
    const subnets = new CfnReplicationSubnetGroup(this, 'Subnets', {
      replicationSubnetGroupDescription: `Replication ${name} of the lake ${lake.name}`,
      subnetIds: network.subnetIds,
    });
    const from = sourceEndpoint(this, source);
    const to = targetEndpoint(this, name, source, storage);
    const config = new CfnReplicationConfig(this, 'Config', {
      replicationConfigIdentifier: resourceIdentifier,
      resourceIdentifier,
      replicationType: 'full-load-and-cdc',
      sourceEndpointArn: from.ref,
      targetEndpointArn: to.ref,
      computeConfig: {
        minCapacityUnits: source.capacity.min,
        maxCapacityUnits: source.capacity.max,
        replicationSubnetGroupId: subnets.ref,
        vpcSecurityGroupIds: network.securityGroupIds,
        ...(storage.key ? { kmsKeyId: storage.key.keyArn } : {}),
      },
      tableMappings: tableMappings(lake, source),
      replicationSettings: replicationSettings(source),
    });
    control.surround(this, this.arn, { config, subnets, endpoints: [from, to] });
  }
}

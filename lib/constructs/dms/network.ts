import { Fn, RemovalPolicy } from 'aws-cdk-lib';
import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  type IInterfaceVpcEndpointService,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { DmsSource } from './source';

/** Where a replication runs, by ids. */
export interface Network {
  readonly subnetIds: string[];
  readonly securityGroupIds: string[];
}

/** What the config names is taken as it stands: nothing is looked up in the account. */
export function namedNetwork({ vpc }: DmsSource): Network | undefined {
  return vpc && { subnetIds: vpc.subnetIds ?? [], securityGroupIds: vpc.securityGroupIds ?? [] };
}

const RANGE = '10.214.0.0/24';

/**
 * A VPC for replications alone: two subnets without a way to the internet, and the three services that a replication
 * calls within reach. Peer it with the database's VPC, and let its group in there.
 */
export class SmallNetwork extends Construct implements Network {
  readonly subnetIds: string[];
  readonly securityGroupIds: string[];

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(RANGE),
      // By position: names of zones would be looked up in the account.
      availabilityZones: [0, 1].map(i => Fn.select(i, Fn.getAzs())),
      natGateways: 0,
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [{ name: 'Replication', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 26 }],
      gatewayEndpoints: { S3: { service: GatewayVpcEndpointAwsService.S3 } },
    });
    const traffic = new LogGroup(this, 'Traffic', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    vpc.addFlowLog('Flow', {
      destination: FlowLogDestination.toCloudWatchLogs(traffic),
      trafficType: FlowLogTrafficType.REJECT,
    });
    const replication = new SecurityGroup(this, 'Replication', {
      vpc,
      description: 'Replications of the lake',
    });
    const services = new SecurityGroup(this, 'Services', { vpc, allowAllOutbound: false });
    services.addIngressRule(Peer.securityGroupId(replication.securityGroupId), Port.tcp(443));
    const reach = (name: string, service: IInterfaceVpcEndpointService) =>
      vpc.addInterfaceEndpoint(name, { service, securityGroups: [services], open: false });
    reach('Kinesis', InterfaceVpcEndpointAwsService.KINESIS_STREAMS);
    reach('Secrets', InterfaceVpcEndpointAwsService.SECRETS_MANAGER);
    this.subnetIds = vpc.isolatedSubnets.map(subnet => subnet.subnetId);
    this.securityGroupIds = [replication.securityGroupId];
  }
}

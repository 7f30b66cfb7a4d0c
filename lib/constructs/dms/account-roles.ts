import { RemovalPolicy } from 'aws-cdk-lib';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { acknowledge } from '../acknowledged';

/**
 * The two roles by which DMS works in an account. Their names are DMS's own, one of each in an account, so they may
 * be there already; and they stay, as other replications of the account may have come to need them.
 */
export function accountRoles(scope: Construct): Role[] {
  return [
    accountRole(scope, 'dms-vpc-role', 'service-role/AmazonDMSVPCManagementRole'),
    accountRole(scope, 'dms-cloudwatch-logs-role', 'service-role/AmazonDMSCloudWatchLogsRole'),
  ];
}

function accountRole(scope: Construct, roleName: string, policy: string): Role {
  const managed = ManagedPolicy.fromAwsManagedPolicyName(policy);
  const assumedBy = new ServicePrincipal('dms.amazonaws.com');
  const role = new Role(scope, roleName, { roleName, assumedBy, managedPolicies: [managed] });
  role.applyRemovalPolicy(RemovalPolicy.RETAIN);
  acknowledge(
    role,
    `IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${policy}]`,
    'DMS asks for this role with this policy, of AWS and kept by it.',
  );
  return role;
}

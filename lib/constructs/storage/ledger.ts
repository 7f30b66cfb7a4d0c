import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  Billing,
  type CfnGlobalTable,
  TableEncryptionV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { keep } from '../retained';

/** The Items port: one partition a table, report or concern (lib/ledger/keys.ts). */
export function ledgerTable(scope: Construct, lake: string, key: IKey | undefined): TableV2 {
  const table = new TableV2(scope, 'Ledger', {
    partitionKey: { name: 'partition', type: AttributeType.STRING },
    sortKey: { name: 'sort', type: AttributeType.STRING },
    billing: Billing.onDemand(),
    encryption: TableEncryptionV2.awsManagedKey(),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  if (key) {
    // Set on the resource: the construct's own property asks for the region by name.
    const resource = table.node.defaultChild as CfnGlobalTable;
    resource.addPropertyOverride('Replicas.0.SSESpecification.KMSMasterKeyId', key.keyArn);
  }
  keep(table, lake, 'Ledger');
  return table;
}

import { CfnResource, Stack } from 'aws-cdk-lib';
import { CfnGlobalTable } from 'aws-cdk-lib/aws-dynamodb';
import { CfnDatabase } from 'aws-cdk-lib/aws-glue';
import { CfnStream } from 'aws-cdk-lib/aws-kinesis';
import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { type Adopted, pascal } from '../config/deployed';

/**
 * Gives retained resources the names that they have already, so that a change set with ImportExistingResources takes
 * them in instead of making new and empty ones. Glue's databases are left out: they bear the names they always have, and
 * are there.
 */
export function adopt(scope: Construct, lake: string, adopted: Adopted): void {
  const names = new Map(Object.entries(adopted).map(([key, name]) => [pascal(lake) + key, name]));
  for (const child of scope.node.findAll()) {
    if (child instanceof CfnDatabase) child.node.scope?.node.tryRemoveChild(child.node.id);
    if (!(child instanceof CfnResource)) continue;
    const name = names.get(String(Stack.of(child).resolve(child.logicalId)));
    if (name === undefined) continue;
    if (child instanceof CfnBucket) child.bucketName = name;
    if (child instanceof CfnGlobalTable) child.tableName = name;
    if (child instanceof CfnStream) child.name = name;
  }
}

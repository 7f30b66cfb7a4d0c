import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Storage, type StorageProps } from '../constructs/storage';

/** The storage of one lake as a stack. */
export class StorageStack extends Stack {
  constructor(scope: Construct, id: string, props: StorageProps & StackProps) {
    super(scope, id, props);
    const { landing, lake, ledger } = new Storage(this, 'Storage', props);
    new CfnOutput(this, 'LandingBucket', { value: landing.bucketName });
    new CfnOutput(this, 'LakeBucket', { value: lake.bucketName });
    new CfnOutput(this, 'LedgerTable', { value: ledger.tableName });
  }
}

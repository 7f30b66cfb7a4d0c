import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Storage, type StorageProps } from '../constructs/storage/storage';

/** `<lake>-storage`: what holds data. */
export class StorageStack extends Stack {
  readonly storage: Storage;

  constructor(scope: Construct, id: string, props: StorageProps & StackProps) {
    super(scope, id, props);
    this.storage = new Storage(this, 'Storage', props);
  }
}

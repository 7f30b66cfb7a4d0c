import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Dms, type DmsProps } from '../constructs/dms/dms';

/** `<lake>-dms`: what replicates a database into the lake. */
export class DmsStack extends Stack {
  constructor(scope: Construct, id: string, props: DmsProps & StackProps) {
    super(scope, id, props);
    new Dms(this, 'Dms', props);
  }
}

import { Stack } from 'aws-cdk-lib';
import { CfnDatabase } from 'aws-cdk-lib/aws-glue';
import { Construct } from 'constructs';
import { databaseNames } from '../../config/deployed';
import { keep } from '../retained';

/**
 * The Glue databases. Kept, as a database that CloudFormation deletes takes the entries of its tables along. What
 * names one depends on this construct: a name alone tells CloudFormation nothing of what has to be there first.
 */
export class Databases extends Construct {
  /** What people read. */
  readonly tables: string;
  /** Tables that wait to be adopted. */
  readonly staging: string;

  constructor(scope: Construct, id: string, lake: string) {
    super(scope, id);
    const { tables, staging } = databaseNames(lake);
    this.tables = this.database(lake, 'Database', tables);
    this.staging = this.database(lake, 'StagingDatabase', staging);
  }

  private database(lake: string, id: string, name: string): string {
    const catalogId = Stack.of(this).account;
    keep(new CfnDatabase(this, id, { catalogId, databaseInput: { name } }), lake, id);
    return name;
  }
}

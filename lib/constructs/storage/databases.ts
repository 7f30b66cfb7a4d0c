import { Stack } from 'aws-cdk-lib';
import { CfnDatabase } from 'aws-cdk-lib/aws-glue';
import type { Construct } from 'constructs';
import { databaseNames } from '../../config/deployed';
import { keep } from '../retained';

/**
 * The Glue databases: `tables` is what people read, `staging` holds tables that wait to be adopted. Kept, as a
 * database that CloudFormation deletes takes the entries of its tables along.
 */
export function glueDatabases(scope: Construct, lake: string): { tables: string; staging: string } {
  const names = databaseNames(lake);
  for (const [id, name] of [
    ['Database', names.tables],
    ['StagingDatabase', names.staging],
  ] as const) {
    const catalogId = Stack.of(scope).account;
    keep(new CfnDatabase(scope, id, { catalogId, databaseInput: { name } }), lake, id);
  }
  return names;
}

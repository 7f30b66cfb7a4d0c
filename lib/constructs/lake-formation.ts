import { Stack } from 'aws-cdk-lib';
import { CfnPrincipalPermissions } from 'aws-cdk-lib/aws-lakeformation';
import type { Construct } from 'constructs';
import { pascal } from '../config/deployed';
import type { LakeFunction } from './pipeline/lake-function';
import type { FunctionName } from './pipeline/timeouts';
import type { Databases } from './storage/databases';
import type { Storage } from './storage/storage';

const READ = ['SELECT', 'DESCRIBE'];
const WRITE = [...READ, 'INSERT', 'DELETE', 'ALTER'];

/** Who is granted what in which database. */
interface Grant {
  readonly role: string;
  /** Made before the grant, which Lake Formation refuses of a database that is not there. */
  readonly databases: Databases;
  readonly database: string;
  readonly permissions: readonly string[];
}

/**
 * Where Lake Formation governs, IAM alone opens no table: every function's role is granted there too. The lake's
 * bucket is not registered with it, as Athena makes and changes no Iceberg table in a registered place.
 */
export function governTables(
  scope: Construct,
  storage: Storage,
  functions: ReadonlyMap<FunctionName, LakeFunction>,
): void {
  const { databases } = storage;
  const { tables, staging } = databases;
  for (const [name, { lambda }] of functions) {
    const id = `Governed${pascal(name)}`;
    const role = lambda.role!.roleArn;
    const permissions = name === 'report' ? [...WRITE, 'DROP'] : WRITE;
    grantDatabase(scope, id, { role, databases, database: tables, permissions });
    if (name === 'report')
      grantDatabase(scope, `${id}Staging`, { role, databases, database: staging, permissions });
  }
}

/** All tables of the lake's database, to read. */
export function governReaders(scope: Construct, id: string, role: string, databases: Databases): void {
  grantTables(scope, id, { role, databases, database: databases.tables, permissions: READ });
}

function grantDatabase(scope: Construct, id: string, grant: Grant): void {
  const granted = new CfnPrincipalPermissions(scope, `${id}Database`, {
    principal: { dataLakePrincipalIdentifier: grant.role },
    resource: { database: { catalogId: Stack.of(scope).account, name: grant.database } },
    permissions: ['CREATE_TABLE', 'DESCRIBE'],
    permissionsWithGrantOption: [],
  });
  granted.node.addDependency(grant.databases);
  grantTables(scope, id, grant);
}

function grantTables(scope: Construct, id: string, grant: Grant): void {
  const { role, databases, database, permissions } = grant;
  const granted = new CfnPrincipalPermissions(scope, `${id}Tables`, {
    principal: { dataLakePrincipalIdentifier: role },
    resource: {
      table: { catalogId: Stack.of(scope).account, databaseName: database, tableWildcard: {} },
    },
    permissions: [...permissions],
    permissionsWithGrantOption: [],
  });
  granted.node.addDependency(databases);
}

import { GetTableCommand, GetTablesCommand, type GlueClient, type Table } from '@aws-sdk/client-glue';
import { TidemarkError } from '../../errors';
import { awsDenied, awsFailed, awsMissing, entryForeign } from './errors';
import { isDenied, nameOf } from './failures';

export const TABLE_TYPE = 'table_type';
export const METADATA_LOCATION = 'metadata_location';
export const PREVIOUS_METADATA_LOCATION = 'previous_metadata_location';

/** A table as Glue has it, and the metadata file that it names. */
export interface GlueEntry {
  readonly table: Table;
  readonly metadata: string;
}

/**
 * Undefined when Glue has no such table.
 * @throws TM_5207 when it has something under the name that is no Iceberg table: taken for absent, it could neither
 * be created nor ever be there
 */
export async function entryOf(
  client: GlueClient,
  database: string,
  name: string,
): Promise<GlueEntry | undefined> {
  const table = await getTable(client, database, name);
  if (!table) return undefined;
  if (!isIceberg(table))
    throw entryForeign(name, table.TableType === 'VIRTUAL_VIEW' ? 'a view' : 'a Hive table');
  const metadata = table.Parameters?.[METADATA_LOCATION];
  if (metadata === undefined) throw entryForeign(name, 'one without a metadata file');
  return { table, metadata };
}

async function getTable(client: GlueClient, database: string, name: string): Promise<Table | undefined> {
  try {
    return (await client.send(new GetTableCommand({ DatabaseName: database, Name: name }))).Table;
  } catch (error) {
    if (nameOf(error) === 'EntityNotFoundException') return undefined;
    throw codedGlue('GetTable', database, name, error);
  }
}

/** The Iceberg tables of a database. */
export async function* listEntries(client: GlueClient, database: string): AsyncGenerator<Table> {
  let token: string | undefined;
  do {
    const page = await client
      .send(new GetTablesCommand({ DatabaseName: database, NextToken: token }))
      .catch(error => {
        throw codedGlue('GetTables', database, '*', error);
      });
    for (const table of page.TableList ?? []) if (isIceberg(table)) yield table;
    token = page.NextToken;
  } while (token !== undefined);
}

/** Engines differ in the letters' case. */
function isIceberg({ Parameters }: Table): boolean {
  return Parameters?.[TABLE_TYPE]?.toUpperCase() === 'ICEBERG';
}

/** The coded error of a failed call to Glue. */
export function codedGlue(call: string, database: string, table: string, error: unknown): unknown {
  if (error instanceof TidemarkError) return error;
  const where = `Glue ${database}.${table}`;
  if (nameOf(error) === 'EntityNotFoundException') return awsMissing(call, where, error);
  if (isDenied(error)) return awsDenied(call, where, error);
  return awsFailed(call, where, error);
}

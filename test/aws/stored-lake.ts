import { randomUUID } from 'node:crypto';
import { CreateTableCommand, type CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateDatabaseCommand, GlueClient } from '@aws-sdk/client-glue';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { glueCatalog } from '../../lib/adapters/aws/catalog';
import { dynamoItems } from '../../lib/adapters/aws/items';
import { s3Store } from '../../lib/adapters/aws/object-store';
import { systemClock } from '../../lib/adapters/local/clock';
import { randomIds } from '../../lib/adapters/local/ids';
import type { LakeConfig } from '../../lib/config/define';
import { resolveLake } from '../../lib/config/resolve';
import type { StagingCatalog } from '../../lib/ports/catalog';
import type { LakePorts } from '../../lib/ports/lake-ports';
import type { TestLake } from '../support/lake';
import { DYNAMODB, MOTO, standIn } from './endpoints';

const s3 = new S3Client({ ...standIn(MOTO), forcePathStyle: true });
const glue = new GlueClient(standIn(MOTO));
const dynamo = new DynamoDBClient(standIn(DYNAMODB));

/** A lake whose files, ledger and catalog are those of AWS, as far as it stands on this machine. */
export interface StoredLake extends TestLake {
  readonly database: string;
  readonly bucket: string;
  readonly staging: StagingCatalog;
}

/** A lake of its own: two buckets, a ledger, two databases. Names are fresh, as engines cache files by name. */
export async function storedLake(module: string, config: LakeConfig): Promise<StoredLake> {
  const name = `${module}-${randomUUID().slice(0, 8)}`;
  const database = name.replaceAll('-', '_');
  const landing = `${name}-landing`;
  for (const Bucket of [name, landing]) await s3.send(new CreateBucketCommand({ Bucket }));
  for (const Name of [database, `${database}_staging`]) {
    await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name, LocationUri: `s3://${name}/` } }));
  }
  await dynamo.send(new CreateTableCommand(ledger(name)));
  const store = s3Store(s3, { bucket: name });
  const ids = randomIds();
  const ports: LakePorts = {
    store,
    items: dynamoItems(dynamo, name),
    catalog: glueCatalog(glue, { database, store, ids }),
    clock: systemClock(),
    ids,
  };
  return {
    ports,
    database,
    bucket: name,
    staging: glueCatalog(glue, { database: `${database}_staging`, store, ids }),
    landing: s3Store(s3, { bucket: landing }),
    lake: resolveLake(config, '/config/tidemark.config.ts'),
  };
}

function ledger(TableName: string): CreateTableCommandInput {
  const key = { partition: 'HASH', sort: 'RANGE' } as const;
  const names = ['partition', 'sort'] as const;
  return {
    TableName,
    AttributeDefinitions: names.map(AttributeName => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: names.map(AttributeName => ({ AttributeName, KeyType: key[AttributeName] })),
    BillingMode: 'PAY_PER_REQUEST',
  };
}

/** Objects under a prefix of the lake's store, by key: their etags. */
export async function objectsUnder({ ports }: StoredLake, prefix: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { key, etag } of ports.store.list(prefix)) found.set(key, etag);
  return found;
}

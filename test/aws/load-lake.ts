import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GlueClient } from '@aws-sdk/client-glue';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { glueCatalog } from '../../lib/adapters/aws/catalog';
import { dynamoItems } from '../../lib/adapters/aws/items';
import { s3Store } from '../../lib/adapters/aws/object-store';
import { systemClock } from '../../lib/adapters/local/clock';
import { randomIds } from '../../lib/adapters/local/ids';
import { valueAt } from '../../lib/columnar/value';
import { databaseNames, type OutputKey, outputName } from '../../lib/config/deployed';
import { currentSchema } from '../../lib/iceberg/metadata';
import type { LakePorts } from '../../lib/ports/lake-ports';
import type { ObjectStore } from '../../lib/ports/object-store';
import { openFile } from '../../lib/table/data-file';
import { liveFiles } from '../../lib/table/live-files';
import { theTable } from '../support/foreign';
import type { DeployedLake } from './deployed-lake';
import { DYNAMODB, MOTO, standIn } from './endpoints';

const s3 = new S3Client({ ...standIn(MOTO), forcePathStyle: true });

/** A bucket of the account that is no lake's. */
export async function copiesBucket(): Promise<{ readonly bucket: string; readonly store: ObjectStore }> {
  const bucket = `copies-${process.pid}-${Date.now().toString(36)}`;
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  return { bucket, store: s3Store(s3, { bucket }) };
}

/** What a deployed lake holds, as a test looks at it. */
export function portsOf({ name, deployed: { outputs } }: DeployedLake): LakePorts {
  const output = (key: OutputKey) => outputs[outputName(name, key)]!;
  const ids = randomIds();
  const store = s3Store(s3, { bucket: output('LakeBucket') });
  const { tables: database } = databaseNames(name);
  return {
    store,
    ids,
    items: dynamoItems(new DynamoDBClient(standIn(DYNAMODB)), output('Ledger')),
    catalog: glueCatalog(new GlueClient(standIn(MOTO)), { database, store, ids }),
    clock: systemClock(),
  };
}

/** A data file of a table: its partition, and its rows as they stand in it. */
interface FileRows {
  readonly partition: string;
  readonly rows: readonly string[];
}

/** A table file by file, by partition; names of files are left aside, as each lake gives its own. */
export async function filesOf(ports: LakePorts, table: string): Promise<FileRows[]> {
  const { metadata } = await theTable(ports, table);
  const fields = currentSchema(metadata).fields.filter(({ name }) => !name.startsWith('_'));
  const found: FileRows[] = [];
  for (const { file } of (await liveFiles(ports.store, metadata)).data) {
    const opened = await openFile(ports.store, file);
    const rows: string[] = [];
    for (let group = 0; group < opened.footer.rowGroups.length; group++) {
      const { columns, length } = await opened.read(group, fields);
      for (let row = 0; row < length; row++)
        rows.push(columns.map(column => String(valueAt(column, row))).join(' | '));
    }
    found.push({ partition: String(file.partition), rows });
  }
  return found.sort((a, b) => (a.partition < b.partition ? -1 : 1));
}

import {
  CreateDatabaseCommand,
  CreateTableCommand,
  DeleteTableCommand,
  GlueClient,
} from '@aws-sdk/client-glue';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { randomIds } from '../../lib/adapters/local/ids';
import { memoryStore } from '../../lib/adapters/memory/object-store';
import { catalogOverStore } from '../../lib/adapters/store-catalog';
import type { LakeConfig } from '../../lib/config/define';
import { memoryPorts, type TestLake, testLake } from '../support/lake';
import { MOTO, standIn } from './endpoints';

const s3 = new S3Client({ ...standIn(MOTO), forcePathStyle: true });
const glue = new GlueClient(standIn(MOTO));

/** A bucket and a Glue database that only this run of this file uses; both bear the name. */
export async function madePlace(module: string): Promise<string> {
  const name = `${module}_${process.pid}_${Date.now().toString(36)}`;
  await s3.send(new CreateBucketCommand({ Bucket: bucketOf(name) }));
  await glue.send(
    new CreateDatabaseCommand({
      DatabaseInput: { Name: name, LocationUri: `s3://${bucketOf(name)}/` },
    }),
  );
  return name;
}

const bucketOf = (place: string) => place.replaceAll('_', '-');

/** Where Athena may leave its answers. */
export const answersOf = (place: string) => `s3://${bucketOf(place)}/answers/`;

/**
 * A lake in memory whose files are named as they will be in S3: stages run on it at the speed of memory. The place is in
 * their keys too: Trino keeps Iceberg's files by key, whatever their bucket. Ids are random, as engines remember tokens.
 */
export function memoryLake(place: string, folder: string, config: LakeConfig): TestLake {
  const store = memoryStore(`s3://${bucketOf(place)}/${place}/${folder}`);
  return {
    ...testLake(config),
    ports: { ...memoryPorts(), ids: randomIds(), store, catalog: catalogOverStore(store) },
  };
}

/** Puts the lake's files into S3, and its tables into the Glue database, for engines to read. */
export async function spill(place: string, { ports: { store, catalog } }: TestLake): Promise<void> {
  for await (const { key } of store.list('')) {
    const Key = store.uri(key).slice(`s3://${bucketOf(place)}/`.length);
    await s3.send(new PutObjectCommand({ Bucket: bucketOf(place), Key, Body: (await store.get(key))! }));
  }
  for (const table of await catalog.list()) {
    const { pointer } = (await catalog.load(table))!;
    const Parameters = { table_type: 'ICEBERG', metadata_location: pointer.uri };
    await glue
      .send(new DeleteTableCommand({ DatabaseName: place, Name: table }))
      .catch(error => expect(error.name).toBe('EntityNotFoundException'));
    await glue.send(
      new CreateTableCommand({
        DatabaseName: place,
        TableInput: { Name: table, TableType: 'EXTERNAL_TABLE', Parameters },
      }),
    );
  }
}

import {
  CreateDatabaseCommand,
  CreateTableCommand,
  GetTableCommand,
  GetTableVersionsCommand,
  GlueClient,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { MOTO, standIn } from '../endpoints';

const client = new GlueClient(standIn(MOTO));
const DatabaseName = `stand_ins_glue_${process.pid}`;

beforeAll(async () => {
  await client.send(new CreateDatabaseCommand({ DatabaseInput: { Name: DatabaseName } }));
  await client.send(
    new CreateTableCommand({ DatabaseName, TableInput: { Name: 'Mixed', Parameters: { n: '0' } } }),
  );
});
afterAll(() => client.destroy());

const table = async () => (await client.send(new GetTableCommand({ DatabaseName, Name: 'mixed' }))).Table!;
const update = (n: number, VersionId?: string) =>
  client.send(
    new UpdateTableCommand({
      DatabaseName,
      TableInput: { Name: 'MIXED', Parameters: { n: String(n) } },
      VersionId,
      SkipArchive: true,
    }),
  );

test('glue.version lets one of twenty writers win', async () => {
  const { VersionId } = await table();
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      update(index + 1, VersionId).then(
        () => 'won',
        error => error.name as string,
      ),
    ),
  );
  expect(outcomes.filter(outcome => outcome === 'won')).toHaveLength(1);
  expect(outcomes.filter(outcome => outcome === 'ConcurrentModificationException')).toHaveLength(19);
  expect((await table()).Parameters).toEqual({ n: String(outcomes.indexOf('won') + 1) });
});

test('glue.archive keeps none when told to skip it', async () => {
  await update(100, (await table()).VersionId);
  const { TableVersions } = await client.send(
    new GetTableVersionsCommand({ DatabaseName, TableName: 'mixed' }),
  );
  expect(TableVersions).toHaveLength(1);
});

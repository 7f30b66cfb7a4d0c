import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import {
  CreateDatabaseCommand,
  CreateTableCommand,
  GetTableCommand,
  GlueClient,
  type TableInput,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { glueCatalog } from '../../../lib/adapters/aws/catalog';
import { randomIds } from '../../../lib/adapters/local/ids';
import { type MemoryStore, memoryStore } from '../../../lib/adapters/memory/object-store';
import type { Field } from '../../../lib/columnar/types';
import { formatMetadata, newMetadata } from '../../../lib/iceberg/metadata';
import type { Catalog, StagingCatalog } from '../../../lib/ports/catalog';
import { catalogContract, commit, marksOf, metadata } from '../../contracts/catalog.contract';
import { MOTO, standIn } from '../endpoints';
import { type Fault, refusal, reset, withFaults } from './faults';

// The last tries of those that give up would wait for seconds.
jest.mock('../../../lib/adapters/aws/backoff', () => {
  const { pause } = jest.requireActual('../../../lib/adapters/aws/backoff');
  return { pause: (attempt: number) => pause(Math.min(attempt, 2)) };
});

const clients: GlueClient[] = [];
function newClient(maxAttempts = 3): GlueClient {
  const client = new GlueClient({ ...standIn(MOTO), maxAttempts });
  clients.push(client);
  return client;
}
const client = newClient();
afterAll(() => {
  for (const each of clients) each.destroy();
});

interface Fresh {
  readonly catalog: StagingCatalog;
  readonly store: MemoryStore;
  readonly database: string;
}

/** A catalog over a new database; the files are in memory, which is the other port's business. */
async function fresh(of = client): Promise<Fresh> {
  const database = `stores_${randomUUID().replaceAll('-', '')}`;
  await client.send(new CreateDatabaseCommand({ DatabaseInput: { Name: database } }));
  const store = memoryStore(`s3://${database}`);
  return { catalog: glueCatalog(of, { database, store, ids: randomIds() }), store, database };
}

/** The same, with a second catalog of it whose requests meet faults. */
async function faulty(plan: (command: string, nth: number) => Fault, maxAttempts = 3) {
  const sound = await fresh();
  const broken = newClient(maxAttempts);
  const calls = withFaults(broken, plan);
  const { database, store } = sound;
  return {
    ...sound,
    sound: sound.catalog,
    catalog: glueCatalog(broken, { database, store, ids: randomIds() }),
    calls,
  };
}

const entry = async (database: string, table: string) =>
  (await client.send(new GetTableCommand({ DatabaseName: database, Name: table }))).Table!;

async function base(catalog: Catalog, table = 'users') {
  const loaded = await catalog.load(table);
  if (!loaded) throw new Error('lost');
  return loaded;
}

async function createEntry({ database }: Fresh, input: TableInput): Promise<void> {
  await client.send(new CreateTableCommand({ DatabaseName: database, TableInput: input }));
}

catalogContract('Glue', async () => (await fresh()).catalog);

describe('entry', () => {
  const fields: Field[] = [
    { id: 1, name: 'id', type: 'long', required: true },
    { id: 5, name: 'price', type: 'decimal(10,2)', required: false, doc: `in euros${'.'.repeat(300)}` },
    { id: 7, name: 'at', type: 'timestamp', required: false },
  ];
  const users = (location: string) =>
    newMetadata({
      uuid: randomUUID(),
      location,
      schema: { 'schema-id': 0, fields, identifierFieldIds: [1] },
      spec: { 'spec-id': 0, fields: [] },
      properties: {},
      now: 1,
    });

  test('create.as Athena, Spark and PyIceberg write it', async () => {
    const { catalog, database, store } = await fresh();
    const created = await catalog.create('users', formatMetadata(users(store.uri('users'))));
    const table = await entry(database, 'users');
    expect(created).toEqual({
      swapped: true,
      pointer: { version: 0, uri: table.Parameters?.metadata_location },
    });
    expect(table).toMatchObject({
      TableType: 'EXTERNAL_TABLE',
      Parameters: { table_type: 'ICEBERG' },
      StorageDescriptor: {
        Location: `s3://${database}/users`,
        Columns: [
          { Name: 'id', Type: 'bigint', Parameters: field(1, false) },
          {
            Name: 'price',
            Type: 'decimal(10,2)',
            Parameters: field(5, true),
            Comment: `in euros${'.'.repeat(247)}`,
          },
          { Name: 'at', Type: 'timestamp', Parameters: field(7, true) },
        ],
      },
    });
    expect(Object.keys(table.Parameters ?? {}).sort()).toEqual(['metadata_location', 'table_type']);
    const uuid = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}';
    expect([...store.objects.keys()]).toEqual([
      expect.stringMatching(new RegExp(`^users/metadata/00000-${uuid}\\.metadata\\.json$`)),
    ]);
  });

  const field = (id: number, optional: boolean) => ({
    'iceberg.field.id': String(id),
    'iceberg.field.optional': String(optional),
    'iceberg.field.current': 'true',
  });

  test('swap.names the file before, and the columns as they are now', async () => {
    const { catalog, database, store } = await fresh();
    await catalog.create('users', metadata('1'));
    const before = await base(catalog);
    await catalog.swap('users', before.pointer, formatMetadata(users(store.uri('users'))));
    const { Parameters, StorageDescriptor } = await entry(database, 'users');
    expect(Parameters?.previous_metadata_location).toBe(before.pointer.uri);
    expect(Parameters?.metadata_location).toMatch(/\/users\/metadata\/00001-[0-9a-f-]{36}\.metadata\.json$/);
    expect(StorageDescriptor?.Columns?.map(column => column.Name)).toEqual(['id', 'price', 'at']);
  });

  test('swap.keeps what others noted in the entry', async () => {
    const at = await fresh();
    await at.catalog.create('users', metadata('1'));
    const { Parameters, StorageDescriptor } = await entry(at.database, 'users');
    const noted: TableInput = {
      Name: 'users',
      TableType: 'EXTERNAL_TABLE',
      Description: 'people',
      Owner: 'ann',
      Retention: 7,
      Parameters: { ...Parameters, trino_query_id: 'q1', classification: 'pii' },
      StorageDescriptor: {
        ...StorageDescriptor,
        AdditionalLocations: ['s3://elsewhere/x'],
        SerdeInfo: { Name: 's' },
      },
    };
    await client.send(new UpdateTableCommand({ DatabaseName: at.database, TableInput: noted }));
    await commit(at.catalog, 'users', '2');
    expect(marksOf(await at.catalog.load('users'))).toEqual(['1', '2']);
    const now = await entry(at.database, 'users');
    expect(now).toMatchObject({ Description: 'people', Owner: 'ann', Retention: 7 });
    expect(now.Parameters).toMatchObject({
      trino_query_id: 'q1',
      classification: 'pii',
      table_type: 'ICEBERG',
    });
    expect(now.StorageDescriptor?.AdditionalLocations).toEqual(['s3://elsewhere/x']);
    expect(now.StorageDescriptor?.SerdeInfo).toMatchObject({ Name: 's' });
  });

  test('location.is where the metadata says the table is', async () => {
    const { catalog, database, store } = await fresh();
    await catalog.create('daily', formatMetadata(users(store.uri('staging/daily/a1'))));
    expect((await entry(database, 'daily')).StorageDescriptor?.Location).toBe(store.uri('staging/daily/a1'));
    expect([...store.objects.keys()][0]).toMatch(/^staging\/daily\/a1\/metadata\/00000-/);
  });

  test('type.that the lake does not have is named all the same', async () => {
    const { catalog, database } = await fresh();
    const struct = { type: 'struct', fields: [{ id: 4, name: 'a', required: false, type: 'long' }] };
    const types = ['uuid', 'time', 'timestamptz', 'fixed[16]', 'decimal(9, 2)'];
    const nested = [
      { type: 'list', 'element-id': 3, element: struct, 'element-required': false },
      { type: 'map', 'key-id': 5, key: 'string', 'value-id': 6, value: 'int', 'value-required': false },
    ];
    const schema = {
      'schema-id': 2,
      fields: [...types, ...nested].map((type, i) => ({ id: i + 10, name: `c${i}`, required: false, type })),
    };
    const json = { 'current-schema-id': 2, schemas: [{ 'schema-id': 0, fields: [] }, schema] };
    await catalog.create('t', Buffer.from(JSON.stringify(json)));
    expect((await entry(database, 't')).StorageDescriptor?.Columns?.map(c => c.Type)).toEqual([
      'string',
      'string',
      'timestamp',
      'binary',
      'decimal(9,2)',
      'array<struct<a:bigint>>',
      'map<string,int>',
    ]);
  });
});

describe('entries of others', () => {
  const view: TableInput = {
    Name: 'users_history',
    TableType: 'VIRTUAL_VIEW',
    ViewOriginalText: '/* Presto View */',
  };
  const hive: TableInput = {
    Name: 'raw',
    TableType: 'EXTERNAL_TABLE',
    StorageDescriptor: { Location: 's3://x/raw' },
  };

  test('list.passes over views, Hive tables and tables of elsewhere', async () => {
    const at = await fresh();
    await at.catalog.create('users', metadata('1'));
    await createEntry(at, view);
    await createEntry(at, hive);
    await createEntry(at, {
      Name: 'theirs',
      Parameters: {
        table_type: 'ICEBERG',
        metadata_location: 's3://elsewhere/t/metadata/00000-x.metadata.json',
      },
    });
    expect(await at.catalog.list()).toEqual(['users']);
  });

  test('list.pages', async () => {
    const at = await fresh();
    const names = Array.from({ length: 130 }, (_, i) => `t${String(i).padStart(3, '0')}`);
    for (const Name of names) {
      const metadata_location = at.store.uri(`${Name}/metadata/00000-x.metadata.json`);
      await createEntry(at, { Name, Parameters: { table_type: 'iceberg', metadata_location } });
    }
    expect((await at.catalog.list()).sort()).toEqual(names);
  });

  test('load.something else under the name says so', async () => {
    const at = await fresh();
    await createEntry(at, view);
    await createEntry(at, hive);
    await createEntry(at, { Name: 'bare', Parameters: { table_type: 'ICEBERG' } });
    await expect(at.catalog.load('users_history')).rejects.toThrow(/TM_5207.*a view/);
    await expect(at.catalog.create('raw', metadata('1'))).rejects.toThrow(/TM_5207.*a Hive table/);
    await expect(at.catalog.load('bare')).rejects.toThrow('TM_5207');
    expect(at.store.objects.size).toBe(0);
  });

  test.each(['00041-x.metadata.json', '00041-x.gz.metadata.json', 'v41.metadata.json', 'x.metadata.json'])(
    'load.%s of another engine, and a commit on it',
    async name => {
      const at = await fresh();
      await at.catalog.create('users', metadata('1'));
      const theirs = metadata('2', await base(at.catalog));
      await at.store.put(`users/metadata/${name}`, name.includes('gz') ? gzipSync(theirs) : theirs);
      const metadata_location = at.store.uri(`users/metadata/${name}`);
      const Parameters = { ...(await entry(at.database, 'users')).Parameters, metadata_location };
      const TableInput = { Name: 'users', Parameters };
      await client.send(new UpdateTableCommand({ DatabaseName: at.database, TableInput }));
      const { pointer } = await base(at.catalog);
      expect(pointer).toEqual({ version: name.startsWith('x') ? 0 : 41, uri: metadata_location });
      await commit(at.catalog, 'users', '3');
      expect(marksOf(await at.catalog.load('users'))).toEqual(['1', '2', '3']);
    },
  );

  test('load.a metadata file that is gone says so', async () => {
    const at = await fresh();
    await at.catalog.create('users', metadata('1'));
    await at.store.delete([...at.store.objects.keys()][0]!);
    await expect(at.catalog.load('users')).rejects.toThrow('TM_5208');
  });
});

describe('lost answers', () => {
  test.each([1, 3])('create.ours stands (%d tries of the SDK)', async attempts => {
    const { catalog, sound } = await faulty(
      (command, nth) => (command === 'CreateTable' && nth === 1 ? 'lost' : 'none'),
      attempts,
    );
    const created = await catalog.create('users', metadata('1'));
    expect(created).toEqual({ swapped: true, pointer: (await base(sound)).pointer });
  });

  test.each([1, 3])('swap.ours stands (%d tries of the SDK)', async attempts => {
    const { catalog, sound } = await faulty(
      (command, nth) => (command === 'UpdateTable' && nth === 1 ? 'lost' : 'none'),
      attempts,
    );
    await sound.create('users', metadata('1'));
    const before = await base(sound);
    const swapped = await catalog.swap('users', before.pointer, metadata('2', before));
    const now = await base(sound);
    expect(swapped).toEqual({ swapped: true, pointer: now.pointer });
    expect(marksOf(now)).toEqual(['1', '2']);
  });

  test('swap.that never arrived is tried again', async () => {
    const { catalog, sound, calls } = await faulty(
      (command, nth) => (command === 'UpdateTable' && nth < 4 ? reset() : 'none'),
      1,
    );
    await sound.create('users', metadata('1'));
    const before = await base(sound);
    expect((await catalog.swap('users', before.pointer, metadata('2', before))).swapped).toBe(true);
    expect(marksOf(await base(sound))).toEqual(['1', '2']);
    expect(calls.get('UpdateTable')).toBe(4);
  });

  test.each(['ThrottlingException', 'ConcurrentModificationException', 'InternalServiceException'])(
    'swap.%s with the base still there is tried again',
    async name => {
      const { catalog, sound } = await faulty(
        (command, nth) =>
          command === 'UpdateTable' && nth < 3 ? refusal(name, name.startsWith('I') ? 500 : 400) : 'none',
        1,
      );
      await sound.create('users', metadata('1'));
      const before = await base(sound);
      expect((await catalog.swap('users', before.pointer, metadata('2', before))).swapped).toBe(true);
      expect(marksOf(await base(sound))).toEqual(['1', '2']);
    },
  );

  test('swap.lost to another commit is refused', async () => {
    let between = async () => {};
    const { catalog, sound, database, store } = await faulty(() => 'none');
    await sound.create('users', metadata('1'));
    const before = await base(sound);
    // The other commit comes after our look at the entry: while our metadata file is written.
    const slow = {
      ...store,
      async putIfAbsent(...put: Parameters<MemoryStore['putIfAbsent']>) {
        await between();
        return store.putIfAbsent(...put);
      },
    };
    between = () => commit(sound, 'users', 'theirs');
    const late = glueCatalog(client, { database, store: slow, ids: randomIds() });
    expect(await late.swap('users', before.pointer, metadata('ours', before))).toEqual({ swapped: false });
    expect(marksOf(await base(catalog))).toEqual(['1', 'theirs']);
  });

  test('swap.of a table that is dropped meanwhile is refused', async () => {
    const { catalog, sound } = await faulty(
      command => (command === 'UpdateTable' ? refusal('EntityNotFoundException', 400) : 'none'),
      1,
    );
    await sound.create('users', metadata('1'));
    const before = await base(sound);
    const swap = catalog.swap('users', before.pointer, metadata('2', before));
    await sound.forget('users');
    expect(await swap).toEqual({ swapped: false });
  });

  test('swap.gives up after a finite number of tries', async () => {
    const { catalog, sound, calls } = await faulty(
      command => (command === 'UpdateTable' ? refusal('ThrottlingException', 400) : 'none'),
      1,
    );
    await sound.create('users', metadata('1'));
    const before = await base(sound);
    await expect(catalog.swap('users', before.pointer, metadata('2', before))).rejects.toThrow('TM_5205');
    expect(calls.get('UpdateTable')).toBe(10);
    expect(marksOf(await base(sound))).toEqual(['1']);
  });

  test('swap.refused by AWS says so', async () => {
    const { catalog, sound } = await faulty(
      command => (command === 'UpdateTable' ? refusal('AccessDeniedException', 400) : 'none'),
      1,
    );
    await sound.create('users', metadata('1'));
    const before = await base(sound);
    await expect(catalog.swap('users', before.pointer, metadata('2', before))).rejects.toThrow('TM_5203');
  });
});

test('races.lose nothing when answers get lost', async () => {
  let n = 0;
  const { catalog, sound } = await faulty(
    command => (command === 'UpdateTable' && n++ % 2 === 0 ? 'lost' : 'none'),
    2,
  );
  await sound.create('users', metadata('first'));
  const marks = Array.from({ length: 6 }, (_, i) => `w${i}`);
  // As lib/table does it: a refused swap is read back, as ours may be an ancestor of what stands.
  const commitOnce = async (mark: string) => {
    for (;;) {
      const before = await base(catalog);
      const swapped = await catalog
        .swap('users', before.pointer, metadata(mark, before))
        .catch(() => ({ swapped: false }));
      if (swapped.swapped || marksOf(await base(catalog))?.includes(mark)) return;
    }
  };
  await Promise.all(marks.map(commitOnce));
  expect([...(marksOf(await base(sound)) ?? [])].sort()).toEqual(['first', ...marks]);
});

describe('forget', () => {
  test('forget.takes the entry, leaves the files, and may come twice', async () => {
    const { catalog, store } = await fresh();
    await catalog.create('users', metadata('1'));
    await catalog.forget('users');
    await catalog.forget('users');
    expect(await catalog.load('users')).toBeUndefined();
    expect(store.objects.size).toBe(1);
    expect((await catalog.create('users', metadata('again'))).swapped).toBe(true);
  });
});

test('database.that is missing says so', async () => {
  const catalog = glueCatalog(client, { database: 'none', store: memoryStore('s3://x'), ids: randomIds() });
  await expect(catalog.create('users', metadata('1'))).rejects.toThrow('TM_5206');
  await expect(catalog.list()).rejects.toThrow('TM_5206');
});

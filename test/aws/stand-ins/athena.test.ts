import { createServer } from 'node:http';
import {
  AthenaClient,
  CreateWorkGroupCommand,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  GetWorkGroupCommand,
  paginateGetQueryResults,
  StartQueryExecutionCommand,
  type StartQueryExecutionCommandInput,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { CreateDatabaseCommand, GetTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { CreateBucketCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ATHENA, MOTO, standIn } from '../endpoints';
import { forgetQuery, type QueryEvent, queryEvents, setWorkGroup } from './controls';

const client = new AthenaClient({ ...standIn(ATHENA), maxAttempts: 1 });
const glue = new GlueClient(standIn(MOTO));
const s3 = new S3Client({ ...standIn(MOTO), forcePathStyle: true });
const place = `stand_ins_athena_${process.pid}`;
const bucket = place.replaceAll('_', '-');

const start = (QueryString: string, more: Partial<StartQueryExecutionCommandInput> = {}) =>
  client.send(
    new StartQueryExecutionCommand({
      QueryString,
      WorkGroup: place,
      QueryExecutionContext: { Database: place },
      ...more,
    }),
  );

async function execution(QueryExecutionId: string | undefined) {
  return (await client.send(new GetQueryExecutionCommand({ QueryExecutionId }))).QueryExecution!;
}

async function end(id: string | undefined) {
  for (;;) {
    const found = await execution(id);
    if (found.Status!.State !== 'QUEUED' && found.Status!.State !== 'RUNNING') return found;
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

async function run(sql: string, more: Partial<StartQueryExecutionCommandInput> = {}) {
  const { QueryExecutionId } = await start(sql, more);
  const { Status } = await end(QueryExecutionId);
  if (Status!.State !== 'SUCCEEDED') throw new Error(`${Status!.State}: ${Status!.StateChangeReason}`);
  return client.send(new GetQueryResultsCommand({ QueryExecutionId }));
}

const rowsOf = (answer: { ResultSet?: { Rows?: { Data?: { VarCharValue?: string }[] }[] } }) =>
  answer.ResultSet!.Rows!.map(row => row.Data!.map(cell => cell.VarCharValue));

const count = async (table: string) => Number(rowsOf(await run(`SELECT count(*) FROM ${table}`))[1]![0]);

beforeAll(async () => {
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  await glue.send(
    new CreateDatabaseCommand({ DatabaseInput: { Name: place, LocationUri: `s3://${bucket}/` } }),
  );
  const ResultConfiguration = { OutputLocation: `s3://${bucket}/answers/` };
  await client.send(new CreateWorkGroupCommand({ Name: place, Configuration: { ResultConfiguration } }));
  await run(
    `CREATE TABLE log (id int, at timestamp) PARTITIONED BY (bucket(4, id)) LOCATION 's3://${bucket}/log/' TBLPROPERTIES ('table_type' = 'ICEBERG', 'format' = 'parquet')`,
  );
}, 60_000);
beforeEach(() => setWorkGroup(place, {}));
afterAll(() => {
  for (const one of [client, glue, s3]) one.destroy();
});

test('athena.values are spelled as Athena spells them', async () => {
  const answer =
    await run(`SELECT 9223372036854775807 big, 1e10 double, REAL '1.5' float, DECIMAL '12345678901234567890.10' dec,
    true yes, CAST(NULL AS varchar) nothing, '' empty, 'a"b' text, DATE '2024-02-29' day, X'00ff' bytes,
    TIMESTAMP '2024-01-02 03:04:05.123456' micros, ARRAY[1, NULL] list, MAP(ARRAY['k'], ARRAY[2]) map,
    CAST(ROW(1, 'x') AS ROW(a integer, b varchar)) struct`);
  const [header, values] = rowsOf(answer);
  expect(header!.slice(0, 3)).toEqual(['big', 'double', 'float']);
  expect(values).toEqual([
    '9223372036854775807',
    '1.0E10',
    '1.5',
    '12345678901234567890.10',
    'true',
    undefined,
    '',
    'a"b',
    '2024-02-29',
    '00 ff',
    '2024-01-02 03:04:05.123456',
    '[1, null]',
    '{k=2}',
    '{a=1, b=x}',
  ]);
  const info = answer.ResultSet!.ResultSetMetadata!.ColumnInfo!;
  expect(info.map(column => column.Type)).toEqual([
    ...[
      'bigint',
      'double',
      'float',
      'decimal',
      'boolean',
      'varchar',
      'varchar',
      'varchar',
      'date',
      'varbinary',
    ],
    ...['timestamp', 'array', 'map', 'row'],
  ]);
  expect(info[3]).toMatchObject({ Precision: 22, Scale: 2 });
}, 30_000);

test('athena.pages carry the header once and every row', async () => {
  const { QueryExecutionId } = await start('SELECT a FROM UNNEST(sequence(1, 25)) AS x (a) ORDER BY a');
  await end(QueryExecutionId);
  const pages: (string | undefined)[][] = [];
  for await (const page of paginateGetQueryResults({ client, pageSize: 10 }, { QueryExecutionId })) {
    pages.push(rowsOf(page).map(row => row[0]));
  }
  expect(pages.map(page => page.length)).toEqual([10, 10, 6]);
  expect(pages.flat()).toEqual(['a', ...Array.from({ length: 25 }, (_, index) => String(index + 1))]);
}, 30_000);

test('athena.results stand in the folder of the work group', async () => {
  const { QueryExecutionId } = await start(`SELECT 1 a, 'x"y' b`);
  const { ResultConfiguration } = await end(QueryExecutionId);
  expect(ResultConfiguration!.OutputLocation).toBe(`s3://${bucket}/answers/${QueryExecutionId}.csv`);
  const { Body } = await s3.send(
    new GetObjectCommand({ Bucket: bucket, Key: `answers/${QueryExecutionId}.csv` }),
  );
  expect(await Body!.transformToString()).toBe('"a","b"\n"1","x""y"\n');
}, 30_000);

test('athena.insert tells a count and the kind of statement', async () => {
  const { QueryExecutionId } = await start(`INSERT INTO log VALUES (1, localtimestamp), (2, NULL)`);
  const found = await end(QueryExecutionId);
  expect(found).toMatchObject({
    StatementType: 'DML',
    SubstatementType: 'INSERT',
    Status: { State: 'SUCCEEDED' },
  });
  const answer = await client.send(new GetQueryResultsCommand({ QueryExecutionId }));
  expect([answer.UpdateCount, answer.ResultSet!.Rows]).toEqual([2, []]);
}, 30_000);

test('athena.id is not the one the engine gives to the snapshot', async () => {
  const { QueryExecutionId } = await start('INSERT INTO log VALUES (3, NULL)');
  await end(QueryExecutionId);
  const [, ...rows] = rowsOf(await run(`SELECT summary['trino_query_id'] FROM "log$snapshots"`));
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.flat()).not.toContain(QueryExecutionId);
}, 30_000);

test('athena.token gives the same query once, and another statement is refused', async () => {
  const ClientRequestToken = 'token-'.padEnd(40, 'x');
  const sql = 'INSERT INTO log VALUES (40, NULL)';
  const before = await count('log');
  const ids = await Promise.all(Array.from({ length: 5 }, () => start(sql, { ClientRequestToken })));
  expect(new Set(ids.map(answer => answer.QueryExecutionId)).size).toBe(1);
  await end(ids[0]!.QueryExecutionId);
  expect(await count('log')).toBe(before + 1);
  await expect(start('SELECT 2', { ClientRequestToken })).rejects.toThrow(
    'Idempotent parameters do not match',
  );
}, 30_000);

test('athena.parameters fill the marks in their order', async () => {
  const sql = `SELECT a FROM UNNEST(sequence(1, 9)) AS x (a) WHERE a > ? AND a < ? AND '?' <> ?`;
  const answer = await run(sql, { ExecutionParameters: ['3', '5', "'it''s'"] });
  expect(rowsOf(answer)).toEqual([['a'], ['4']]);
  await expect(start(sql, { ExecutionParameters: ['3'] })).rejects.toThrow('expected 3 but found 1');
}, 30_000);

test('athena.views are made in Glue, replaced, and read again', async () => {
  const view = (more: string) =>
    run(`CREATE OR REPLACE VIEW "${place}"."seen" AS SELECT id${more} FROM "${place}"."log" WHERE id < 3`);
  await view('');
  expect(rowsOf(await run('SELECT * FROM seen ORDER BY id'))[0]).toEqual(['id']);
  await view(', at');
  const [header, ...rows] = rowsOf(await run('SELECT * FROM seen ORDER BY id'));
  expect(header).toEqual(['id', 'at']);
  expect(rows.map(row => row[0])).toEqual(['1', '2']);
  const { Table } = await glue.send(new GetTableCommand({ DatabaseName: place, Name: 'seen' }));
  expect(Table!.TableType).toBe('VIRTUAL_VIEW');
  expect(Table!.ViewOriginalText).toMatch(/^\/\* Presto View: /);
  await run('DROP VIEW seen');
}, 60_000);

test('athena.ctas writes an Iceberg table partitioned as told', async () => {
  await run(
    `CREATE TABLE made WITH (table_type = 'ICEBERG', is_external = false, format = 'PARQUET', write_compression = 'ZSTD',
       location = 's3://${bucket}/made/', partitioning = ARRAY['day', 'bucket(2, id)'])
     AS SELECT id, DATE '2024-01-01' AS day, CAST(at AS timestamp(6)) AS at FROM log`,
  );
  const [, ...rows] = rowsOf(
    await run('SELECT DISTINCT partition.day, partition.id_bucket FROM "made$partitions"'),
  );
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.every(([day, kind]) => day === '2024-01-01' && ['0', '1'].includes(kind!))).toBe(true);
  await run('ALTER TABLE made ADD COLUMNS (note string, amount decimal(38, 2))');
  expect(rowsOf(await run('SELECT note, amount FROM made LIMIT 0'))).toEqual([['note', 'amount']]);
  await run('OPTIMIZE made REWRITE DATA USING BIN_PACK');
  await run('VACUUM made');
  expect(await count('made')).toBe(await count('log'));
}, 60_000);

test('athena.travel reads an older snapshot and paths of files', async () => {
  const snapshots = async () =>
    rowsOf(await run('SELECT snapshot_id FROM "log$snapshots" ORDER BY committed_at'))
      .slice(1)
      .flat();
  const last = (await snapshots()).at(-1);
  const before = await count('log');
  await run('INSERT INTO log VALUES (70, NULL)');
  expect(await count(`log FOR VERSION AS OF ${last}`)).toBe(before);
  const [, [path]] = rowsOf(await run('SELECT "$path" FROM log LIMIT 1')) as [unknown, [string]];
  expect(path).toMatch(new RegExp(`^s3://${bucket}/log/`));
}, 60_000);

test('athena.explain plans a statement and finds what is wrong with it', async () => {
  expect(rowsOf(await run('EXPLAIN (TYPE VALIDATE) SELECT id FROM log')).flat()).toEqual(['true']);
  await expect(run('EXPLAIN SELECT nothing FROM log')).rejects.toThrow(/COLUMN_NOT_FOUND: line 1:16/);
  await expect(start('EXPLAIN SELECT `id` FROM log')).rejects.toThrow(/line 1:16: backquoted/);
  await run(
    `EXPLAIN CREATE TABLE planned WITH (table_type = 'ICEBERG', is_external = false, location = 's3://${bucket}/planned/')
     AS SELECT id FROM log`,
  );
  await expect(count('planned')).rejects.toThrow(/TABLE_NOT_FOUND/);
}, 30_000);

test('athena.states are told one after another, and after the effect', async () => {
  await setWorkGroup(place, { queuedMillis: 100, runningMillis: 150 });
  const before = await count('log');
  await setWorkGroup(place, { queuedMillis: 100, runningMillis: 600 });
  const { QueryExecutionId } = await start('INSERT INTO log VALUES (80, NULL)');
  expect((await execution(QueryExecutionId)).Status!.State).toBe('QUEUED');
  await setWorkGroup(place, {});
  while ((await count('log')) === before) await new Promise(resolve => setTimeout(resolve, 20));
  expect((await end(QueryExecutionId)).Status!.State).toBe('SUCCEEDED');
  const events = (await queryEvents(place)).filter(
    event => event.detail.queryExecutionId === QueryExecutionId,
  );
  expect(events.map(event => event.detail.currentState)).toEqual(['QUEUED', 'RUNNING', 'SUCCEEDED']);
  expect(events.map(event => event.detail.sequenceNumber)).toEqual(['1', '2', '3']);
}, 60_000);

test('athena.events some never come, some come twice, all to the subscriber', async () => {
  const got: QueryEvent[] = [];
  const subscriber = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    got.push(JSON.parse(text));
    response.end();
  });
  await new Promise<void>(resolve => subscriber.listen(0, '127.0.0.1', resolve));
  const { port } = subscriber.address() as { port: number };
  const from = (await queryEvents(place)).length;
  await setWorkGroup(place, {
    seed: 3,
    eventsDropped: 0.5,
    eventsTwice: 0.5,
    subscriber: `http://127.0.0.1:${port}`,
  });
  for (let query = 0; query < 10; query++) await run('SELECT 1');
  const events = (await queryEvents(place)).slice(from);
  while (got.length < events.length) await new Promise(resolve => setTimeout(resolve, 10));
  subscriber.closeAllConnections();
  subscriber.close();
  const numbers = events.map(event => `${event.detail.queryExecutionId} ${event.detail.sequenceNumber}`);
  expect(new Set(numbers).size).toBeLessThan(30);
  expect(new Set(numbers).size).toBeLessThan(numbers.length);
  expect(got.map(event => event.detail.sequenceNumber).sort()).toEqual(
    events.map(event => event.detail.sequenceNumber).sort(),
  );
}, 60_000);

test('athena.limit refuses one query too many', async () => {
  await setWorkGroup(place, { queriesMax: 2, queuedMillis: 400 });
  const open = [await start('SELECT 1'), await start('SELECT 2')];
  await expect(start('SELECT 3')).rejects.toMatchObject({ name: 'TooManyRequestsException' });
  for (const { QueryExecutionId } of open) await end(QueryExecutionId);
  await start('SELECT 3');
}, 30_000);

test('athena.faults lose an answer whose query runs', async () => {
  const before = await count('log');
  await setWorkGroup(place, { faults: [{ match: '^insert', kind: 'lost' }] });
  const ClientRequestToken = 'lost-'.padEnd(40, 'x');
  const insert = () => start('INSERT INTO log VALUES (90, NULL)', { ClientRequestToken });
  await expect(insert()).rejects.toThrow();
  await end((await insert()).QueryExecutionId);
  expect(await count('log')).toBe(before + 1);
}, 30_000);

test('athena.faults fail before, after, and ahead of a write', async () => {
  const insert = async (kind: 'fail' | 'failed-but-landed' | 'lands-late') => {
    await setWorkGroup(place, { faults: [{ match: '^insert', kind, afterMillis: 300 }] });
    const before = await count('log');
    const { QueryExecutionId } = await start('INSERT INTO log VALUES (100, NULL)');
    expect((await end(QueryExecutionId)).Status).toMatchObject({
      State: 'FAILED',
      AthenaError: { Retryable: true },
    });
    const atOnce = (await count('log')) - before;
    await new Promise(resolve => setTimeout(resolve, 1500));
    return [atOnce, (await count('log')) - before];
  };
  expect(await insert('fail')).toEqual([0, 0]);
  expect(await insert('failed-but-landed')).toEqual([1, 1]);
  expect((await insert('lands-late'))[1]).toBe(1);
}, 60_000);

test('athena.stop cancels, and a forgotten query is not found', async () => {
  await setWorkGroup(place, { queuedMillis: 200 });
  const { QueryExecutionId } = await start('SELECT 1');
  await client.send(new StopQueryExecutionCommand({ QueryExecutionId }));
  expect((await end(QueryExecutionId)).Status!.State).toBe('CANCELLED');
  await forgetQuery(QueryExecutionId!);
  await expect(execution(QueryExecutionId)).rejects.toThrow('was not found');
}, 30_000);

test('athena.workgroup is of engine 3 and enforces its configuration', async () => {
  const { WorkGroup } = await client.send(new GetWorkGroupCommand({ WorkGroup: place }));
  expect(WorkGroup!.Configuration).toMatchObject({
    EnforceWorkGroupConfiguration: true,
    EngineVersion: { EffectiveEngineVersion: 'Athena engine version 3' },
  });
});

test('athena.engine keeps MERGE, UPDATE and DELETE from Hive tables', async () => {
  await run('CREATE TABLE hive AS SELECT 1 a');
  await expect(run('DELETE FROM hive WHERE a = 1')).rejects.toThrow(/NOT_SUPPORTED|Modifying Hive/);
  await expect(run('UPDATE hive SET a = 2')).rejects.toThrow(/NOT_SUPPORTED|Modifying Hive/);
}, 30_000);

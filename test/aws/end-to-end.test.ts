import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KinesisClient, PutRecordsCommand, SplitShardCommand } from '@aws-sdk/client-kinesis';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { kinesisStream } from '../../lib/adapters/aws/change-stream';
import type { LakeConfig } from '../../lib/config/define';
import { databaseNames, outputName } from '../../lib/config/deployed';
import { type LocalLake, openLocalLake } from '../../lib/runtime/local';
import { type DeployedLake, deployedLake, describeDeployed } from './deployed-lake';
import { CALM } from './driver/chances';
import { streamSources } from './driver/streams';
import { MOTO, standIn } from './endpoints';
import { judge } from './privilege/judge';
import { isJustified } from './privilege/justified';
import { without } from './privilege/policies';
import { rarerWays } from './privilege/rarer';
import { type Asked, athenaRows, localColumns, localRows, type TextRows, trinoRows } from './rows-of';
import { trino } from './trino';

const EXAMPLES = join(__dirname, '../../examples');
const DAY_MS = 86_400_000;

/** The three days before this one: all of them have ended, and a daily report is due for each. */
const DAYS = [3, 2, 1].map(ago => new Date(Date.now() - ago * DAY_MS).toISOString().slice(0, 10));

/** What arrives on each day: an employees' file, and users' files as DMS names them. */
const USERS = [
  ['LOAD00000001.csv'],
  ['20211017-194324349.csv'],
  ['20211018-223933563.csv', '20211018-224657689.csv', '20211018-225235856.csv', '20211018-225959941.csv'],
];
const arrivals = DAYS.map((day, i) => [
  { from: `employees/day${i + 1}.csv`, key: `hr/employees-${day}.csv` },
  ...USERS[i]!.map(name => ({ from: `users/shop/users/${name}`, key: `shop/users/${name}` })),
  ...(i === 0 ? [{ from: 'users/states.csv', key: `by hand/states-${day}.csv` }] : []),
]);

/** The clone's own config, but for what no upload could try: employees come as plain files, visits by the stream. */
const CHANGES: Partial<LakeConfig> = {
  deploy: { windowSeconds: 1 },
  tables: {
    employees: {
      key: ['employee_id'],
      columns: {
        employee_id: 'bigint',
        department_id: 'bigint',
        manager_id: 'bigint',
        record_deleted: 'boolean',
      },
      deletedWhen: { column: 'record_deleted', equals: true },
      watch: true,
    },
    // Replicated as the clone's config has it; users come as files that somebody else's replication wrote.
    orders: { from: 'shop.orders', key: ['order_id'], columns: { order_id: 'bigint' } },
    logins: { mode: 'append', columns: { user_id: 'bigint' } },
    visits: { from: 'stream', key: ['visit_id'], columns: { visit_id: 'bigint', page: 'string' } },
    buys: { from: 'stream', mode: 'append', where: { kind: 'buy' }, columns: { visit_id: 'bigint' } },
    looks: { from: 'stream', mode: 'append', where: { kind: 'look' }, columns: { visit_id: 'bigint' } },
  },
  sources: {
    dms: {
      kind: 'dms-s3',
      schemas: { shop: ['orders'] },
      secretArn: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-database-AbCdEf',
    },
    stream: { kind: 'kinesis', format: 'json' },
    web: { kind: 'http' },
  },
};

/** Tables, their logs, their histories, and reports. */
const NAMES = ['employees', 'users', 'states']
  .flatMap(table => [table, `${table}_deltas`, `${table}_history`])
  .concat('employees_daily', 'user_features');

const FUNCTIONS = [
  ...(['compact', 'ingest-files', 'ingest-stream', 'intake'] as const),
  ...(['merge', 'report', 'sweep', 'vacuum'] as const),
];

const VISITS = [
  { visit_id: 1, page: '/', kind: 'look' },
  { visit_id: 2, page: '/swords?size=\u00e9', kind: 'buy' },
  { visit_id: 1, page: null, kind: 'look' },
];

describeDeployed('end-to-end', () => {
  let lake: DeployedLake;
  let local: LocalLake;
  beforeAll(async () => {
    lake = await deployedLake('e2e', CHANGES);
    local = await openLocalLake({ cwd: lake.folder });
  }, 180_000);
  afterAll(async () => {
    await local?.close();
    lake?.stop();
  });

  const output = (key: Parameters<typeof outputName>[1]) =>
    lake.deployed.outputs[outputName(lake.name, key)]!;
  const count = async (what: string) =>
    Number((await trino(`SELECT count(*) FROM ${what}`, databaseNames(lake.name).tables)).rows[0]![0]);
  const takeInHere = async (path: string, name: string, date?: string) => {
    const { outcome } = await local.ingest(path, { table: name, ...(date ? { date } : {}) });
    expect(outcome).toBe('taken-in');
    const table = local.config.tables.find(t => t.name === name)!;
    await local.merge(table);
  };
  const report = async (name: string, date: string) => {
    const sqs = new SQSClient(standIn(MOTO));
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: output('ReportQueue'),
        MessageBody: JSON.stringify({ report: name, date }),
        MessageGroupId: name,
        MessageDeduplicationId: `${name}#${date}`,
      }),
    );
    await lake.driver.settle();
  };

  test('uploads alone make the tables: 5, 7, 9 employees and 103, 106, 110 users', async () => {
    const counts = [];
    for (const [i, files] of arrivals.entries()) {
      for (const { from, key } of files) await lake.driver.upload(key, readFileSync(join(EXAMPLES, from)));
      await lake.driver.settle();
      await report('user_features', DAYS[i]!);
      counts.push([await count('employees'), await count('users')]);
    }
    expect(counts).toEqual([
      [5, 103],
      [7, 106],
      [9, 110],
    ]);
    const features = await trino(
      'SELECT CAST(report_date AS varchar), count(*) FROM user_features GROUP BY 1 ORDER BY 1',
      databaseNames(lake.name).tables,
    );
    expect(features.rows).toEqual(DAYS.map((day, i) => [day, String([103, 106, 110][i])]));
  }, 180_000);

  test('daily reports run by themselves: 5, 7 and 9 rows, 21 in all', async () => {
    // The first date makes the table; the others are begun by the sweep after it.
    for (let i = 0; i < 2; i++) {
      await lake.driver.tick('EveryMinute');
      await lake.driver.settle();
      lake.driver.fleet.pass(60_000);
    }
    for (const [i, day] of DAYS.entries())
      expect(await count(`employees_daily WHERE report_date = DATE '${day}'`)).toBe([5, 7, 9][i]);
    expect(await count('employees_daily')).toBe(21);
  }, 120_000);

  const kinesis = new KinesisClient({ ...standIn(MOTO), requestHandler: new NodeHttpHandler() });

  test('records of the stream become tables, each once however often the stream is read', async () => {
    const Records = VISITS.map(visit => ({
      PartitionKey: String(visit.visit_id),
      Data: Buffer.from(JSON.stringify(visit)),
    }));
    await kinesis.send(new PutRecordsCommand({ StreamName: output('StreamStream'), Records }));
    await lake.driver.settle();
    const found = async () => [
      await trinoRows(lake.name, { name: 'visits', columns: ['visit_id', 'page'] }),
      await trinoRows(lake.name, { name: 'buys', columns: ['visit_id', 'page', 'kind'] }),
      await trinoRows(lake.name, { name: 'looks', columns: ['visit_id', 'page', 'kind'] }),
    ];
    const wanted = [
      ['1 | NULL', '2 | /swords?size=\u00e9'],
      ['2 | /swords?size=\u00e9 | buy'],
      ['1 | / | look', '1 | NULL | look'],
    ];
    expect(await found()).toEqual(wanted);
    // As by a mapping that is new: from the stream's beginning.
    const again = streamSources(lake.deployed, lake.driver.fleet, CALM);
    expect(await Promise.all(again.map(source => source.drain()))).toContain(true);
    await lake.driver.settle();
    expect(await found()).toEqual(wanted);
  }, 60_000);

  test('events that are posted become a table, each once', async () => {
    const event = {
      rawPath: '/events/logins',
      headers: { 'content-type': 'application/json' },
      requestContext: { http: { method: 'POST' } },
      body: JSON.stringify([{ user_id: 7 }, { user_id: 8 }, { user_id: 7 }]),
    };
    const { fleet, settle } = lake.driver;
    const invoked = await fleet.invoke('intake', event);
    expect(invoked).toMatchObject({ ok: true, answer: { statusCode: 202 } });
    await settle();
    const logins = () => trinoRows(lake.name, { name: 'logins', columns: ['user_id'] });
    expect(await logins()).toEqual(['7', '7', '8']);
    // A put whose answer was lost is made again, and by then the shard was split.
    const stream = kinesisStream(kinesis, output('StreamWeb'));
    const [shard] = await stream.shards();
    const records = await stream.read(shard!.id, undefined, 10);
    const half = { NewStartingHashKey: String(2n ** 127n) };
    await kinesis.send(
      new SplitShardCommand({ StreamName: output('StreamWeb'), ShardToSplit: shard!.id, ...half }),
    );
    await stream.put(records);
    const [, ...children] = await stream.shards();
    const repeats = children.map(async ({ id }) => (await stream.read(id, undefined, 10)).length);
    expect((await Promise.all(repeats)).reduce((sum, n) => sum + n, 0)).toBe(3);
    await settle();
    expect(await logins()).toEqual(['7', '7', '8']);
  }, 60_000);

  /** What a lake on this machine answers of each name; of some columns, that are the same wherever the lake stands. */
  const answers: { readonly asked: Asked; readonly rows: TextRows }[] = [];

  test('a lake on this machine has the same rows, row by row', async () => {
    const buildHere = async (name: string, date: string) =>
      local.report(local.config.reports.find(r => r.name === name)!, date);
    for (const [i, files] of arrivals.entries()) {
      for (const { from, key } of files) {
        const table = /employees|users|states/.exec(key)![0];
        await takeInHere(join(EXAMPLES, from), table, table === 'users' ? undefined : DAYS[i]!);
      }
      await buildHere('user_features', DAYS[i]!);
    }
    for (const day of DAYS) await buildHere('employees_daily', day);
    for (const name of NAMES) {
      // A delta's name is its own, and its number says when it arrived.
      const columns = (await localColumns(local, name)).filter(c => c !== '_source' && c !== '_entry');
      const asked = { name, columns };
      answers.push({ asked, rows: await localRows(local, asked) });
    }
    for (const { asked, rows } of answers) {
      expect([asked.name, await athenaRows(lake.name, asked)]).toEqual([asked.name, rows]);
      expect([asked.name, await trinoRows(lake.name, asked)]).toEqual([asked.name, rows]);
    }
  }, 120_000);

  test('sweeps, compaction and vacuum change no answer', async () => {
    const { tick, settle, fleet } = lake.driver;
    for (const schedule of ['EveryHour', 'EveryDay', 'Compaction']) {
      await tick(schedule);
      await settle();
    }
    // What expires on one day is found unnamed on another, and removed on a third.
    for (let i = 0; i < 3; i++) {
      await tick('Vacuum');
      fleet.pass(8 * DAY_MS);
    }
    for (const { asked, rows } of answers)
      expect([asked.name, await trinoRows(lake.name, asked)]).toEqual([asked.name, rows]);
  }, 120_000);

  test('no invocation failed, no message was given up, and memory was enough', async () => {
    const { fleet, deadLetters } = lake.driver;
    expect({ errors: fleet.errors, deadLetters: await deadLetters() }).toEqual({
      errors: [],
      deadLetters: 0,
    });
    expect([...fleet.memoryMb.keys()].sort()).toEqual([...FUNCTIONS]);
    for (const [name, memoryMb] of fleet.memoryMb) {
      const limit = Number(fleet.named(name).memoryMb);
      expect({ name, fits: memoryMb < limit }).toEqual({ name, fits: true });
    }
  });

  test('what days without mishaps do not ask for happens too', async () => {
    await rarerWays(lake, { table: 'states', stream: 'StreamStream', report: 'user_features' });
    expect(lake.driver.fleet.errors).toEqual([]);
  }, 120_000);

  test.each(FUNCTIONS)('%s may do what it did, and nothing beyond that without a reason', async name => {
    const { refused, unused } = await judge(lake, name);
    expect(refused).toEqual([]);
    expect(unused.filter(right => !isJustified(name, right))).toEqual([]);
  });

  test('a right that is taken away is missed', async () => {
    const { refused } = await judge(
      { ...lake, deployed: without(lake.deployed, 'sqs:SendMessage') },
      'sweep',
    );
    expect(refused.length).toBeGreaterThan(0);
    for (const one of refused) expect(one).toMatch(/^silent: sqs:SendMessage /);
  });
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { kinesisStream } from '../../lib/adapters/aws/change-stream';
import { clientSettings } from '../../lib/adapters/aws/clients';
import { json, type Ran } from '../cli/terminal';
import { CliLake, SHELL } from './cli-lake';
import { MOTO, standIn } from './endpoints';
import { caretaker, judgePerson } from './privilege/page';

// A command waits for queries of an engine that may be busy.
jest.setTimeout(180_000);

const DATES = ['2021-01-01', '2021-01-02', '2021-01-03'];

let lake: CliLake;
beforeAll(async () => {
  lake = await CliLake.deployed();
  lake.start();
  for (const [i, date] of DATES.entries()) {
    const args = ['ingest', `day${i + 1}.csv`, '--table', 'employees', '--date', date];
    expect(await lake.runHere(...args)).toMatchObject({ code: 0 });
    const ran = await lake.run(...args);
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toMatch(new RegExp(`^day${i + 1}\\.csv {2}${date} {2}delta ${i + 1} {2}\\d+ rows`));
  }
});
afterAll(() => lake.stop());

/** The same rows here and there. */
async function alike(...args: string[]): Promise<Record<string, unknown>[]> {
  const there = await lake.run(...args, '--output', 'json');
  const here = await lake.runHere(...args, '--output', 'json');
  // Deltas are named afresh in every lake.
  const rows = (ran: Ran) => json(ran).map(({ _source, ...row }) => row);
  expect({ code: there.code, rows: rows(there) }).toEqual({ code: here.code, rows: rows(here) });
  return json(there);
}

test('ingest.again changes nothing', async () => {
  const ran = await lake.run('ingest', 'day2.csv', '--table', 'employees', '--date', DATES[1]!);
  expect(ran).toEqual({ code: 0, out: 'day2.csv  seen before, nothing to do\n', err: '' });
  const dry = await lake.run(
    'ingest',
    'day2.csv',
    '--table',
    'employees',
    '--date',
    '2021-02-01',
    '--dry-run',
  );
  expect(dry.out).toMatch(/checked, nothing written/);
});

test('ingest.address takes in what lies in the landing', async () => {
  const { landing } = lake.stored;
  const text = 'employee_id,forename\n1,Old\n';
  await landing.putIfAbsent('old/employees-2020-12-31.csv', Buffer.from(text));
  writeFileSync(join(lake.cwd, 'employees-2020-12-31.csv'), text);
  await lake.runHere('ingest', 'employees-2020-12-31.csv');
  const ran = await lake.run('ingest', `s3://${lake.landingBucket}/old`, '--output', 'json');
  expect(json(ran)).toMatchObject([{ table: 'employees', outcome: expect.any(String), date: '2020-12-31' }]);
  const elsewhere = await lake.run('ingest', 's3://elsewhere/old');
  expect(elsewhere).toMatchObject({ code: 1, err: expect.stringMatching(/^\[TM_7010\]/) });
  const here = await lake.runHere('ingest', 's3://elsewhere/old');
  expect(here.err).toMatch(/^\[TM_7010\]/);
});

test('query, history and describe are as they are here', async () => {
  const rows = await alike('query', 'select employee_id, forename, manager_id from employees order by 1');
  expect(rows).toHaveLength(9);
  await alike('query', 'select * from employees order by employee_id');
  await alike('history', 'employees', '7');
  await alike('query', 'select employee_id, op, valid_from, valid_to from employees_history order by 1, 3');
  const late = "select * from employees_deltas where date_received > date '2021-01-01'";
  await alike('query', `with late as (${late}) select count(*) n from late;`);
  await alike('describe', 'employees');
  await alike('describe', 'employees_history');
  const written = await lake.run('query', 'drop table employees');
  expect(written).toMatchObject({ code: 1, err: expect.stringMatching(/^\[TM_60/) });
});

test('trace: a file by its name, a row by its key', async () => {
  const way = await lake.run('trace', 'day2.csv');
  expect(way.out).toMatch(/^received \S+ > delta 2 > snapshot \d+ > no report yet\n$/);
  const rows = json(await lake.run('trace', '--table', 'employees', '--key', '5', '--output', 'json'));
  const here = json(await lake.runHere('trace', '--table', 'employees', '--key', '5', '--output', 'json'));
  const known = (all: Record<string, unknown>[]) => all.map(({ delta, date, op }) => ({ delta, date, op }));
  expect(known(rows)).toEqual(known(here));
});

test('as of: what readers saw then', async () => {
  const snapshots = (await lake.stored.ports.catalog.load('employees'))!;
  const { snapshots: all } = JSON.parse(Buffer.from(snapshots.metadata).toString()) as {
    snapshots: { 'timestamp-ms': number }[];
  };
  const then = new Date(all[0]!['timestamp-ms']).toISOString();
  const count = 'select count(*) n from employees';
  const ran = await lake.run('query', count, '--as-of', then, '--output', 'csv');
  expect(ran.out).toBe('n\r\n5\r\n');
  expect(ran.err).toMatch(/^employees as of snapshot \d+/m);
  const states = await lake.run(
    'query',
    'select count(*) n from employees_history',
    '--as-of',
    then,
    '--output',
    'csv',
  );
  expect(states.out).toBe('n\r\n5\r\n');
  const differs = await lake.run('diff', 'employees', '--since', then);
  expect(differs.out).toMatch(/^changed {2}5 {2}department_id: NULL -> 2, manager_id: 17 -> 18$/m);
});

test('report: built by Athena, once and again', async () => {
  const built = await lake.run('report', 'employees_daily', '--from', DATES[0]!, '--to', DATES[2]!);
  expect(built.out).toBe(DATES.map((date, i) => `employees_daily  ${date}  ${[5, 7, 9][i]} rows\n`).join(''));
  const again = await lake.run('report', 'employees_daily', '--date', DATES[1]!);
  expect(again.out).toBe(`employees_daily  ${DATES[1]}  7 rows  replaced\n`);
  await lake.runHere('report', 'employees_daily', '--from', DATES[0]!, '--to', DATES[2]!);
  await alike('query', 'select report_date, employee_id, forename from employees_daily order by 1, 2');
  const check = await lake.run('report', 'employees_daily', '--check', '--date', DATES[0]!);
  expect(check.out).toContain('employee_id');
});

test('pause: what is taken in waits until it is resumed', async () => {
  expect((await lake.run('pause', 'employees')).out).toBe('employees  paused\n');
  expect((await lake.run('pause', 'employees')).out).toBe('employees  was paused before\n');
  const args = ['ingest', 'day1.csv', '--table', 'employees', '--date', '2021-01-09'];
  expect((await lake.run(...args)).out).toMatch(/delta \d+ {2}5 rows {3}waits: employees is paused\n$/);
  expect((await lake.run('status')).out).toMatch(/employees .*1 entry, 5 rows .*paused/);
  expect((await lake.run('resume', 'employees')).out).toBe('employees  resumed\n');
  expect((await lake.run('resume', 'employees')).out).toBe('employees  was not paused\n');
  await lake.run('merge', 'employees');
  const [status] = json(await lake.run('status', '--output', 'json'));
  expect(status).toMatchObject({ waiting_entries: 0, paused: false });
});

/** As if the function of merges had failed at a wake-up for good. */
async function deadLetter(MessageDeduplicationId: string): Promise<void> {
  await new SQSClient(standIn(MOTO)).send(
    new SendMessageCommand({
      QueueUrl: lake.queues.MergeDeadLetters!,
      MessageBody: '{"table":"employees"}',
      MessageGroupId: 'employees',
      MessageDeduplicationId,
    }),
  );
}

test('quarantine: files and dead letters, listed and taken in again', async () => {
  const { landing } = lake.stored;
  await landing.putIfAbsent('stray/nobody.csv', Buffer.from('a,b\n1,2\n'));
  const stray = await lake.run('ingest', `s3://${lake.landingBucket}/stray`);
  expect(stray).toMatchObject({ code: 3, out: expect.stringContaining('quarantined  [TM_2302]') });
  await deadLetter('1');
  const listed = json(await lake.run('quarantine', 'list', '--output', 'json'));
  expect(listed).toMatchObject([
    { file: 'stray/nobody.csv', code: 'TM_2302' },
    { file: 'table employees', scope: 'dead letter', table: 'employees' },
  ]);
  expect((await lake.run('status', '--check')).code).toBe(4);
  const shown = await lake.run('quarantine', 'show', 'nobody.csv');
  expect(shown.err).toContain(`its bytes: s3://${lake.stored.bucket}/quarantine/`);
  const resent = await lake.run('replay', 'table employees');
  expect(resent.out).toBe('table employees  sent to the merge queue again\n');
  expect(json(await lake.run('quarantine', 'list', '--output', 'json'))).toHaveLength(1);
  const replayed = await lake.run('replay', 'nobody.csv', '--table', 'employees');
  expect(replayed.code).toBe(3);
});

test('replay: a batch of a stream that the functions gave up', async () => {
  const arn = `arn:aws:kinesis:us-east-1:123456789012:stream/${lake.stored.bucket}-events`;
  const metadata = {
    'record-type': 'data',
    operation: 'insert',
    'schema-name': 'hr',
    'table-name': 'employees',
  };
  const change = {
    data: { employee_id: 77, forename: 'Given up', AR_H_CHANGE_SEQ: `${'2'.repeat(35)}` },
    metadata,
  };
  const kinesis = {
    partitionKey: '77',
    sequenceNumber: '49590338271490256608559692538361571095921575989136588898',
    data: Buffer.from(JSON.stringify(change)).toString('base64'),
    approximateArrivalTimestamp: 1_700_000_000.5,
  };
  const Records = [
    { kinesis, eventID: `shardId-000000000000:${kinesis.sequenceNumber}`, eventSourceARN: arn },
  ];
  const failure = {
    requestContext: { condition: 'RetryAttemptsExhausted' },
    KinesisBatchInfo: { shardId: 'shardId-000000000000', streamArn: arn },
    payload: JSON.stringify({ Records }),
  };
  const key = 'aws/lambda/0a1b/shardId-000000000000/2026/11/21/2026-11-21T10.02.11-x';
  await lake.stored.ports.store.put(key, Buffer.from(JSON.stringify(failure)));
  const listed = json(await lake.run('quarantine', 'list', '--output', 'json'));
  expect(listed).toContainEqual(expect.objectContaining({ file: key, scope: 'dead letter' }));
  const replayed = await lake.run('replay', key);
  expect(replayed).toMatchObject({ code: 0, err: '' });
  // The merge of the records' table was woken, and waited for.
  expect(replayed.out).toMatch(/delta \d+ {2}1 row {2}.*rows/);
  expect(await lake.stored.ports.store.head(key)).toBeUndefined();
  const found = await lake.run(
    'query',
    'select forename from employees where employee_id = 77',
    '--output',
    'csv',
  );
  expect(found.out).toBe('forename\r\nGiven up\r\n');
});

test('records: a file of them is taken in from here, and status says how far behind each stream is', async () => {
  const event = (employee_id: number) => ({
    ...{ source: 'employees', type: 'create', event_date: '2024-07-29T00:59:07Z', uuid: 'u' },
    data: { employee_id, forename: 'Posted' },
  });
  const text = [78, 79].map(id => JSON.stringify(event(id))).join('\n');
  writeFileSync(join(lake.cwd, 'posted.jsonl'), text);
  const ingest = ['ingest', '--format', 'service-event', 'posted.jsonl'];
  expect((await lake.run(...ingest)).out).toMatch(/^posted.jsonl {2}employees {2}.*2 rows .*rows/);
  expect((await lake.run(...ingest)).out).toContain('seen before');
  await kinesisStream(new KinesisClient({ ...standIn(MOTO), ...clientSettings() }), lake.stream).put([
    { key: 'k', data: Buffer.from('{"control":{},"metadata":{"record-type":"control","operation":"x"}}') },
  ]);
  const sources = async () => json(await lake.run('status', '--sources', '--output', 'json'));
  const records = { source: 'service-event', kind: 'records', lag_ms: null, quarantined: 0 };
  expect(await sources()).toMatchObject([
    { kind: 'files' },
    records,
    { source: 'events', kind: 'stream', lag_ms: 0 },
  ]);
  await kinesisStream(new KinesisClient({ ...standIn(MOTO), ...clientSettings() }), lake.stream).put([
    { key: 'k', data: Buffer.from('somebody’s') },
  ]);
  const [, , behind] = await sources();
  expect(behind!.lag_ms).toBeGreaterThan(0);
  expect((await lake.run('status')).out).toMatch(/events +stream +/);
});

test('compact, rebuild and vacuum work from here', async () => {
  expect(await lake.run('compact')).toMatchObject({ code: 0 });
  expect((await lake.run('rebuild', 'employees')).out).toMatch(/^employees {2}rebuilt through delta \d+: /);
  expect((await lake.run('vacuum')).out).toMatch(/^removed 0 files/);
});

test('schema: a rename and a retype, with no more rights than the page gives who looks after a lake', async () => {
  writeFileSync(join(lake.cwd, 'badges.csv'), 'employee_id,badge\n2,0202\n6,none\n');
  await lake.run('ingest', 'badges.csv', '--table', 'employees', '--date', '2021-01-10');
  for (const name of ['tidemark.config.ts', 'aws.config.ts']) {
    const file = join(lake.cwd, name);
    const text = readFileSync(file, 'utf8').replace(
      "surname: 'string'",
      "family_name: 'string', badge: 'int'",
    );
    writeFileSync(
      file,
      text.replace('deletedWhen:', "aliases: { family_name: ['surname'] },\n      deletedWhen:"),
    );
  }
  await deadLetter('2');
  const person = `caretaker-${process.pid}`;
  process.env.AWS_ACCESS_KEY_ID = person;
  const differs = await lake.run('schema', 'diff', '--output', 'json');
  expect(differs.code).toBe(4);
  expect(json(differs).map(({ column, change }) => [column, change])).toEqual([
    ['family_name', 'rename'],
    ['badge', 'retype'],
  ]);
  expect(await lake.run('schema', 'apply')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/column badge: .*none[\s\S]*\[TM_3097\]/),
  });
  expect(await lake.run('schema', 'apply', '--null-what-does-not-cast')).toMatchObject({ code: 0 });
  expect((await lake.run('schema', 'diff')).code).toBe(0);
  const shown = json(await lake.run('schema', 'show', 'employees', '--output', 'json'));
  expect(shown.find(({ column }) => column === 'badge')).toMatchObject({
    type: 'int',
    texts_in: 'badge_as_received',
  });
  await lake.run('status');
  await lake.run('trace', 'badges.csv');
  await lake.run('pause', 'employees');
  await lake.run('resume', 'employees');
  await lake.run('quarantine', 'list');
  process.env.AWS_ACCESS_KEY_ID = SHELL.AWS_ACCESS_KEY_ID;
  const { bucket, database } = lake.stored;
  const policy = caretaker({
    'shop-storage-shoplakebucket-*': bucket,
    'shop-storage-*': `${bucket}*`,
    'shop-*DeadLetters*': `${bucket}*DeadLetters*`,
    'shop-pipeline-*': `${bucket}*`,
    'database/shop': `database/${database}`,
    'table/shop/': `table/${database}/`,
  });
  expect(await judgePerson(person, policy)).toEqual({
    refused: [],
    // Of an upload in parts that failed.
    unused: ['s3:AbortMultipartUpload'],
  });
  const badges = await lake.run(
    'query',
    'select family_name, badge from employees where employee_id in (2, 6) order by 1',
    ...['--output', 'csv'],
  );
  expect(badges.out).toBe('family_name,badge\r\nBennett,202\r\nRoberts,\r\n');
});

test('a lake that is not deployed', async () => {
  const other = await lake.run('status', '--config', 'tidemark.config.ts');
  expect(other).toMatchObject({ code: 1, err: expect.stringMatching(/^\[TM_8011\] no lake employees is/) });
  expect((await lake.run('status', '--lake', 'lake')).code).toBe(2);
});

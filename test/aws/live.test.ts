import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AthenaClient } from '@aws-sdk/client-athena';
import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation';
import { CreateDatabaseCommand, GlueClient } from '@aws-sdk/client-glue';
import { CreateBucketCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { databaseNames, outputName, stackNames } from '../../lib/config/deployed';
import { liveName } from '../live/arguments';
import { awsWorld } from '../live/aws-world';
import { madeWorkgroup } from './athena';
import { ATHENA, DYNAMODB, MOTO, standIn } from './endpoints';

// The clients of the run find everything by themselves, as in an account.
Object.assign(process.env, {
  AWS_ENDPOINT_URL: MOTO,
  AWS_ENDPOINT_URL_DYNAMODB: DYNAMODB,
  AWS_ENDPOINT_URL_ATHENA: ATHENA,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  TIDEMARK_S3_PATH_STYLE: 'true',
});

jest.setTimeout(60_000);

const name = liveName(randomBytes(3));
const landing = `${name}-storage-landing`;
const { tables } = databaseNames(name);
const s3 = new S3Client({ ...standIn(MOTO), forcePathStyle: true });
const cloudFormation = new CloudFormationClient(standIn(MOTO));
let folder: string;
let world: ReturnType<typeof awsWorld>;

/** A stack of nothing but what it says. */
async function stack(StackName: string, outputs: Readonly<Record<string, string>> = {}): Promise<void> {
  const template = {
    Resources: { Topic: { Type: 'AWS::SNS::Topic' } },
    Outputs: Object.fromEntries(Object.entries(outputs).map(([key, Value]) => [key, { Value }])),
  };
  await cloudFormation
    .send(new CreateStackCommand({ StackName, TemplateBody: JSON.stringify(template) }))
    .catch(error => expect(error.name).toBe('AlreadyExistsException'));
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-live-'));
  world = awsWorld({
    name,
    root: join(__dirname, '../..'),
    folder,
    interrupted: new AbortController().signal,
  });
  // The second is where Athena leaves its answers.
  for (const Bucket of [landing, name]) await s3.send(new CreateBucketCommand({ Bucket }));
  await new GlueClient(standIn(MOTO)).send(new CreateDatabaseCommand({ DatabaseInput: { Name: tables } }));
  await madeWorkgroup(new AthenaClient(standIn(ATHENA)), name);
  const outputs = { Ledger: 'ledger', LandingBucket: landing, Workgroup: name, Database: tables };
  const named = Object.entries(outputs).map(([key, value]) => [
    outputName(name, key as keyof typeof outputs),
    value,
  ]);
  await stack(stackNames(name).storage, Object.fromEntries(named));
  await stack('CDKToolkit');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('live.site: account and region', async () => {
  expect(await world.site()).toEqual({ account: '123456789012', region: 'us-east-1' });
});

test('live.upload: into the landing that the stacks name', async () => {
  await world.upload('shop/users/LOAD00000001.csv', Buffer.from('1,Ann\n'));
  const { Body } = await s3.send(
    new GetObjectCommand({ Bucket: landing, Key: 'shop/users/LOAD00000001.csv' }),
  );
  expect(await Body!.transformToString()).toBe('1,Ann\n');
});

test('live.sql: as texts; what is not there yet is an error of the query', async () => {
  expect(await world.sql("SELECT count(*), 'x' FROM (VALUES 1, 2) AS t (v)")).toEqual([['2', 'x']]);
  await expect(world.sql('SELECT * FROM employees')).rejects.toMatchObject({ code: 'TM_6001' });
});

test('live.remains: what bears the name, and nothing else', async () => {
  expect([...(await world.remains())].sort()).toEqual([
    `bucket ${landing}`,
    `database ${tables}`,
    `stack ${stackNames(name).storage}`,
  ]);
  const other = awsWorld({ name: 'live-none', root: '.', folder, interrupted: new AbortController().signal });
  expect(await other.remains()).toEqual([]);
});

test('live.pause: an interruption ends it', async () => {
  const interrupt = new AbortController();
  const { pause } = awsWorld({ name, root: '.', folder, interrupted: interrupt.signal });
  const paused = pause(60_000);
  interrupt.abort(new Error('interrupted'));
  await expect(paused).rejects.toThrow();
});

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient, DeleteStackCommand } from '@aws-sdk/client-cloudformation';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  CreateBucketCommand,
  GetBucketNotificationConfigurationCommand,
  HeadBucketCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { pascal } from '../../lib/config/deployed';
import { CliLake } from './cli-lake';
import { DYNAMODB, MOTO, standIn } from './endpoints';

jest.setTimeout(180_000);

const s3 = new S3Client({ ...standIn(MOTO), forcePathStyle: true });

let lake: CliLake;
beforeAll(async () => {
  lake = await CliLake.deployed();
  plantCdk(lake.cwd);
  lake.start();
  await lake.run('ingest', 'day1.csv', '--table', 'employees', '--date', '2021-01-01');
});
afterAll(() => lake.stop());

/** In the place of the CDK, which would deploy: it notes what it was told. */
function plantCdk(cwd: string): void {
  const folder = join(cwd, 'node_modules/aws-cdk');
  mkdirSync(join(folder, 'bin'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "name": "aws-cdk", "version": "2.0.0" }');
  const note = `require('fs').writeFileSync(${JSON.stringify(join(cwd, 'cdk.json'))}, JSON.stringify(process.argv.slice(2)))`;
  writeFileSync(join(folder, 'bin/cdk'), `${note}; process.exit(process.argv.includes('--fail') ? 3 : 0)`);
}

const told = () => JSON.parse(readFileSync(join(lake.cwd, 'cdk.json'), 'utf8')) as string[];
const config = (change: (text: string) => string): string => {
  const file = join(lake.cwd, 'changed.config.ts');
  writeFileSync(file, change(readFileSync(join(lake.cwd, 'aws.config.ts'), 'utf8')));
  return file;
};

test('deploy: shows the floor, checks, and runs the CDK', async () => {
  const ran = await lake.run('deploy', '--', '--require-approval', 'never');
  expect(ran.out).toMatch(/a month without any change +\$\d+\.\d\d/);
  expect(ran.out).toMatch(/keys and reports go with the lake that stands\n$/);
  expect(ran.code).toBe(0);
  expect(told().slice(0, 2)).toEqual(['deploy', '--all']);
  expect(told()[told().indexOf('--app') + 1]).toMatch(/^\/\S+\/dist\/bin\/app\.js$/);
  expect(told().slice(-2)).toEqual(['--require-approval', 'never']);
  expect(told()).toContain(`config=${join(lake.cwd, 'aws.config.ts')}`);
  expect(await lake.run('deploy', '--', '--fail')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^\[TM_8022\] cdk deploy ended with code 3/),
  });
});

test('deploy.refuses another key, and SQL that does not run', async () => {
  const other = config(text => text.replace("key: ['employee_id']", "key: ['employee_id', 'surname']"));
  const refused = await lake.run('--config', other, 'deploy', '--dry-run');
  expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(/^\[TM_3010\]/) });
  writeFileSync(join(lake.cwd, 'wrong.sql'), 'select no_such_column from employees');
  const broken = config(text => text.replace('reports: {', "reports: { wrong: { sql: 'wrong.sql' },"));
  const sql = await lake.run('--config', broken, 'deploy', '--dry-run');
  expect(sql.code).toBe(1);
  expect(sql.err).toMatch(/no_such_column[\s\S]*\[TM_8021\]/);
});

test('deploy.first: a lake that does not stand has nothing to check', async () => {
  const ran = await lake.run('--config', 'tidemark.config.ts', 'deploy', '--dry-run');
  expect(ran).toMatchObject({ code: 0, err: 'no lake employees stands yet: nothing to check\n' });
});

test('destroy.asks for the name', async () => {
  const nobody = await lake.run('destroy', '--with-data');
  expect(nobody).toMatchObject({ code: 2, err: expect.stringContaining('nobody is there to be asked') });
  const wrong = await lake.run('destroy', '--with-data', '--yes-delete', 'employees');
  expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('nothing was removed') });
  await s3.send(new HeadBucketCommand({ Bucket: lake.stored.bucket }));
});

test('adopt: takes in by name what a destroyed lake left, and announces its landing', async () => {
  const name = lake.stored.bucket.replace('cli-', 'left-');
  const file = config(text => text.replace(lake.stored.bucket, name));
  const start = `${name}-storage-${pascal(name)}`;
  const landing = `${start.toLowerCase()}landingbucket-a1b2c3`;
  await s3.send(new CreateBucketCommand({ Bucket: landing }));
  await new DynamoDBClient(standIn(DYNAMODB)).send(
    new CreateTableCommand({
      TableName: `${start}Ledger-X1Y2`,
      AttributeDefinitions: [{ AttributeName: 'partition', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'partition', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  const shown = await lake.run('--config', file, 'adopt', '--dry-run');
  expect(shown.out).toBe(`LandingBucket  ${landing}\nLedger  ${start}Ledger-X1Y2\n`);
  // The stack that the CDK would have made is not there, so the landing stays unannounced.
  expect(await lake.run('--config', file, 'adopt')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^\[TM_8011\]/),
  });
  expect(told()).toContain('--import-existing-resources');
  const adopted = JSON.parse(readFileSync(join(lake.cwd, 'tidemark.adopted.json'), 'utf8'));
  expect(adopted).toEqual({ LandingBucket: landing, Ledger: `${start}Ledger-X1Y2` });
  const none = config(text => text.replace(lake.stored.bucket, 'nothing-at-all'));
  expect((await lake.run('--config', none, 'adopt')).err).toMatch(/^\[TM_8023\]/);
  expect((await lake.run('adopt')).err).toMatch(/^\[TM_8024\]/);
});

test('adopt.announce: the landing tells the new queue', async () => {
  const { announceAdopted, readDeployment } = await import('../../lib/runtime/deploy/deploy');
  const environment = { TIDEMARK_S3_PATH_STYLE: 'true' };
  await announceAdopted(await readDeployment({ config: 'aws.config.ts', cwd: lake.cwd, environment }));
  const { QueueConfigurations = [] } = await s3.send(
    new GetBucketNotificationConfigurationCommand({ Bucket: lake.landingBucket }),
  );
  expect(QueueConfigurations).toMatchObject([{ QueueArn: expect.stringMatching(/Ingest-Queue$/) }]);
});

test('destroy --with-data leaves nothing, every version included', async () => {
  const { bucket, database } = lake.stored;
  await lake.stop();
  await s3.send(
    new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  );
  for (const Body of ['one', 'two'])
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'deltas/x', Body }));
  await lake.stored.ports.store.delete('deltas/x');
  const Statement = [
    {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:DeleteObject',
      Resource: `arn:aws:s3:::${bucket}/deltas/*`,
    },
  ];
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  const ran = await lake.run('destroy', '--with-data', '--yes-delete', bucket);
  expect(ran).toMatchObject({ code: 0, out: expect.stringMatching(/nothing of \S+ is left\n$/) });
  expect(told()).toEqual(expect.arrayContaining(['destroy', '--all', '--force']));
  for (const Bucket of [bucket, lake.landingBucket])
    await expect(s3.send(new HeadBucketCommand({ Bucket }))).rejects.toMatchObject({ name: 'NotFound' });
  expect(ran.out).toContain(`removing database ${database}\n`);
  await new CloudFormationClient(standIn(MOTO)).send(
    new DeleteStackCommand({ StackName: `${bucket}-storage` }),
  );
  expect((await lake.run('destroy', '--with-data')).err).toMatch(/^\[TM_8023\]/);
});

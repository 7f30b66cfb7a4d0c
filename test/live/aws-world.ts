import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, paginateListTables } from '@aws-sdk/client-dynamodb';
import { GlueClient, paginateGetDatabases } from '@aws-sdk/client-glue';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { clientSettings } from '../../lib/adapters/aws/clients';
import { s3Store } from '../../lib/adapters/aws/object-store';
import { randomIds } from '../../lib/adapters/local/ids';
import { databaseNames } from '../../lib/config/deployed';
import { openDeployedLake } from '../../lib/runtime/deployed/deployed';
import { findOutputs } from '../../lib/runtime/deployed/find';
import { athenaIn } from '../../lib/runtime/deployed/querying';
import type { LiveWorld } from './world';

export interface AwsWorldOptions {
  readonly name: string;
  /** The repository. */
  readonly root: string;
  /** Where the run keeps its config; it outlives the run, so that a destroy that failed can be tried again. */
  readonly folder: string;
  readonly interrupted: AbortSignal;
}

/** An account of AWS, as the SDK and the CDK find it in the environment. */
export function awsWorld({ name, root, folder, interrupted }: AwsWorldOptions): LiveWorld {
  const config = join(folder, 'tidemark.config.ts');
  const cloudFormation = new CloudFormationClient(clientSettings());
  const s3 = new S3Client({
    ...clientSettings(),
    forcePathStyle: process.env.TIDEMARK_S3_PATH_STYLE === 'true',
  });
  const output = ['--output', join(folder, 'cdk.out')];
  const tidemark = (command: string, ...args: string[]) =>
    run(process.execPath, ['dist/bin/tidemark.js', command, '--config', config, ...args], root);
  return {
    async site() {
      const found = await cloudFormation
        .send(new DescribeStacksCommand({ StackName: 'CDKToolkit' }))
        .catch(error => {
          if (!/does not exist/.test(error.message)) throw error;
          throw new Error('the CDK has no place in this account and region yet: npx cdk bootstrap', {
            cause: error,
          });
        });
      // arn:aws:cloudformation:<region>:<account>:stack/...
      const [, , , region, account] = found.Stacks![0]!.StackId!.split(':');
      return { region: region!, account: account! };
    },
    async deploy() {
      writeConfig(root, folder, name);
      await run('npm', ['run', '--silent', 'build'], root);
      await tidemark('deploy', '--', '--require-approval', 'never', '--progress', 'events', ...output);
    },
    async upload(key, body) {
      const bucket = (await findOutputs(name))('LandingBucket');
      await s3Store(s3, { bucket }).put(key, body);
    },
    async sql(text) {
      const outputs = await findOutputs(name);
      const where = { workgroup: outputs('Workgroup'), database: outputs('Database') };
      const { rows } = await athenaIn(where, randomIds()).rows({ sql: text });
      return rows.map(cells => cells.map(String));
    },
    lake: () => openDeployedLake({ config, cwd: root, environment: process.env }),
    destroy: () => tidemark('destroy', '--with-data', '--yes-delete', name, '--', ...output),
    remains: () => remains(cloudFormation, s3, name),
    now: Date.now,
    pause: async ms => {
      await sleep(ms, undefined, { signal: interrupted });
    },
    say: line => console.error(line),
  };
}

/** The example lake under the run's name. */
function writeConfig(root: string, folder: string, name: string): void {
  const examples = join(root, 'examples');
  mkdirSync(folder, { recursive: true });
  cpSync(join(examples, 'reports'), join(folder, 'reports'), { recursive: true });
  const example = readFileSync(join(examples, 'tidemark.config.ts'), 'utf8');
  writeFileSync(join(folder, 'tidemark.config.ts'), renamed(example, name));
}

/** The text of a config with another lake's name. */
export function renamed(config: string, name: string): string {
  const pattern = /^ {2}name: '[a-z0-9-]+',$/m;
  if (!pattern.test(config)) throw new Error('the example config names no lake');
  return config.replace(pattern, `  name: '${name}',`);
}

/** What bears the lake's name. Other resources belong to the stacks, and go with them. */
async function remains(cloudFormation: CloudFormationClient, s3: S3Client, name: string): Promise<string[]> {
  const settings = clientSettings();
  const ours = (other: string | undefined) => other?.startsWith(`${name}-`) ?? false;
  const found: string[] = [];
  const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({}));
  found.push(...Stacks.filter(s => ours(s.StackName)).map(s => `stack ${s.StackName}`));
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({ Prefix: `${name}-` }));
  found.push(...Buckets.filter(b => ours(b.Name)).map(b => `bucket ${b.Name}`));
  for await (const { TableNames = [] } of paginateListTables({ client: new DynamoDBClient(settings) }, {}))
    found.push(...TableNames.filter(ours).map(table => `table ${table}`));
  const databases: readonly (string | undefined)[] = Object.values(databaseNames(name));
  for await (const { DatabaseList = [] } of paginateGetDatabases({ client: new GlueClient(settings) }, {}))
    found.push(...DatabaseList.filter(d => databases.includes(d.Name)).map(d => `database ${d.Name}`));
  return found;
}

/** Runs a program to its end, in sight of whoever watches. @throws when it fails */
function run(command: string, args: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('close', code => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}`));
    });
  });
}

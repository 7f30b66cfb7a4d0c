// Assemblies are folders in the system's temporary one: gone with the tests of a file.
import 'aws-cdk-lib/testhelpers/jest-autoclean';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type AppProps } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { DmsS3Source, LakeConfig } from '../../lib/config/define';
import { resolveWhole } from '../../lib/config/load-sync';
import { deployLake } from '../../lib/stacks/deploy-lake';

const ROOT = join(__dirname, '../..');

const FUNCTIONS = [
  'ingest-files',
  'ingest-stream',
  'merge',
  'report',
  'sweep',
  'compact',
  'vacuum',
  'load',
  'replication',
  'intake',
];

let stubs: string | undefined;

afterAll(() => {
  if (stubs !== undefined) rmSync(stubs, { recursive: true });
});

/** Bundles that do nothing: what stands in templates does not depend on what functions do. */
export function stubBundles(): string {
  if (stubs !== undefined) return stubs;
  stubs = mkdtempSync(join(tmpdir(), 'tidemark-bundles-'));
  for (const name of FUNCTIONS) {
    mkdirSync(join(stubs, name));
    writeFileSync(join(stubs, name, 'index.js'), 'exports.handler = async () => {};\n');
  }
  return stubs;
}

/**
 * An app with the context of cdk.json, which jest does not read. CloudFormation's own rules take seconds to load: those of
 * test/stacks/nag.test.ts hold every kind of lake to them.
 */
export function app(props: AppProps = { builtinCloudFormationValidation: false }): App {
  const { context } = JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8')) as {
    context: Record<string, unknown>;
  };
  return new App({ context, ...props });
}

export const TABLES: LakeConfig['tables'] = {
  orders: { key: ['id'], from: 'shop.orders', omit: ['card'], watch: true },
  users: { key: ['id'], from: 'shop.users' },
};

export const DMS: DmsS3Source = {
  kind: 'dms-s3',
  schemas: { shop: ['orders', 'users'] },
  secretArn: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-AbCdEf',
};

export const config = (rest: Partial<LakeConfig> = {}): LakeConfig => ({
  name: 'my-shop',
  tables: TABLES,
  reports: { features: { sql: 'reports/user_features.sql' } },
  ...rest,
});

/** The templates of a lake's stacks, by what they are for. */
export function templates(rest: Partial<LakeConfig> = {}): Record<'storage' | 'pipeline' | 'dms', Template> {
  const made = app();
  deployLake(made, resolveWhole(config(rest), join(ROOT, 'examples/tidemark.config.ts')), stubBundles());
  const assembly = made.synth();
  const template = (stack: string) => {
    const found = assembly.stacks.find(({ stackName }) => stackName === `my-shop-${stack}`);
    return Template.fromJSON((found?.template as Record<string, unknown>) ?? {});
  };
  return { storage: template('storage'), pipeline: template('pipeline'), dms: template('dms') };
}

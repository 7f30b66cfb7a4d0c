import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { resolveWhole } from '../../lib/config/load-sync';
import { StorageStack } from '../../lib/stacks/storage';
import { app, config } from './app';

const ROOT = join(__dirname, '../..');
const lake = resolveWhole(
  config({ sources: { events: { kind: 'kinesis', format: 'json' } } }),
  join(ROOT, 'examples/tidemark.config.ts'),
);
const ADOPTED = {
  LandingBucket: 'old-landing',
  LakeBucket: 'old-lake',
  ResultsBucket: 'old-results',
  LogsBucket: 'old-logs',
  Ledger: 'old-ledger',
  StreamEvents: 'old-stream',
};

const storage = (adopted?: typeof ADOPTED) =>
  Template.fromStack(new StorageStack(app(), 'my-shop-storage', { lake, adopted })).toJSON() as {
    Resources: Record<string, { Type: string; DeletionPolicy?: string; Properties: Record<string, unknown> }>;
  };

test('adopted: what is retained bears the names it has, and is still retained', () => {
  const { Resources } = storage(ADOPTED);
  const named = Object.fromEntries(
    Object.entries(Resources).flatMap(([id, { Properties = {} }]) => {
      const name = Properties.BucketName ?? Properties.TableName ?? Properties.Name;
      return typeof name === 'string' && name.startsWith('old-') ? [[id, name]] : [];
    }),
  );
  const wanted = Object.entries(ADOPTED).map(([key, name]) => [`MyShop${key}`, name]);
  expect(named).toEqual(Object.fromEntries(wanted));
  // An import takes in only what would be kept.
  expect(Object.keys(named).map(id => Resources[id]!.DeletionPolicy)).toEqual(wanted.map(() => 'Retain'));
});

test('adopted: nothing else differs, but for the databases, which are there', () => {
  const made = storage().Resources;
  const taken = storage(ADOPTED).Resources;
  const gone = Object.keys(made).filter(id => !(id in taken));
  expect(gone.map(id => made[id]!.Type)).toEqual(['AWS::Glue::Database', 'AWS::Glue::Database']);
  expect(Object.keys(taken).filter(id => !(id in made))).toEqual([]);
});

test('adopted: without it no resource has a physical name', () => {
  const names = Object.values(storage().Resources).map(
    r => r.Properties?.BucketName ?? r.Properties?.TableName,
  );
  expect(names.filter(Boolean)).toEqual([]);
});

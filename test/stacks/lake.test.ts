import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AccountRootPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { ConfigError } from '../../lib/config/errors';
import { Lake } from '../../lib/constructs/lake';
import { app, config, DMS, stubBundles } from '../constructs/app';
import { actionsOf, allowed, resourcesOf } from '../constructs/policies';

const FOLDER = join(__dirname, '../../examples');

function lakeIn(stack: Stack, rest: Parameters<typeof config>[0] = {}): Lake {
  return new Lake(stack, 'Shop', { config: config(rest), folder: FOLDER, bundles: stubBundles() });
}

/** A config file with this text of tables. */
function file(tables: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'tidemark-lake-')), 'tidemark.config.ts');
  writeFileSync(
    path,
    `import { defineLake } from 'tidemark';\nexport default defineLake({ name: 'shop', tables: ${tables} });\n`,
  );
  return path;
}

test('lake.one stack: all of it in the caller', () => {
  const stack = new Stack(app(), 'Caller');
  const lake = lakeIn(stack, { sources: { db: DMS } });
  expect(lake.dms).toBeDefined();
  const template = Template.fromStack(stack);
  for (const type of ['AWS::S3::Bucket', 'AWS::Lambda::Function', 'AWS::DMS::ReplicationConfig'])
    expect(Object.keys(template.findResources(type)).length).toBeGreaterThan(0);
  expect(Object.keys(template.findOutputs('*'))).toEqual(
    expect.arrayContaining(['MyShopLakeBucket', 'MyShopMergeQueue', 'MyShopAlarmTopic']),
  );
});

test('lake.two in one stack, without the flags of cdk.json', () => {
  const stack = new Stack(new App({ builtinCloudFormationValidation: false }), 'Caller');
  lakeIn(stack);
  new Lake(stack, 'Other', { config: config({ name: 'other' }), folder: FOLDER, bundles: stubBundles() });
  expect(Object.keys(Template.fromStack(stack).findResources('AWS::DynamoDB::GlobalTable'))).toEqual([
    'MyShopLedger',
    'OtherLedger',
  ]);
});

describe('lake.grantQuery', () => {
  const asked = (permissions: 'iam' | 'lake-formation') => {
    const stack = new Stack(app(), 'Caller');
    const lake = lakeIn(stack, { deploy: { permissions } });
    const analyst = new Role(stack, 'Analyst', { assumedBy: new AccountRootPrincipal() });
    lake.grantQuery(analyst).assertSuccess();
    return Template.fromStack(stack);
  };

  test('reads every table in the workgroup of people, and writes nothing but answers', () => {
    const statements = [...allowed(asked('iam'))].find(([id]) => id.startsWith('AnalystDefaultPolicy'))![1];
    expect(statements.flatMap(actionsOf)).toEqual(
      expect.arrayContaining(['athena:StartQueryExecution', 'glue:GetTable', 's3:GetObject']),
    );
    const puts = statements.filter(s => actionsOf(s).includes('s3:PutObject'));
    expect(puts.flatMap(resourcesOf)).toEqual(['<MyShopResultsBucket>/people/*']);
    const changing = /Create|Update|Delete|lakeformation/;
    expect(statements.flatMap(actionsOf).filter(a => changing.test(a))).toEqual([]);
  });

  test('the same as an output policy', () => {
    asked('iam').hasOutput('MyShopQueryPolicy', { Value: { Ref: Match.stringLikeRegexp('QueryPolicy') } });
  });

  test('where Lake Formation governs, there too', () => {
    asked('lake-formation').hasResourceProperties('AWS::LakeFormation::PrincipalPermissions', {
      Principal: {
        DataLakePrincipalIdentifier: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Analyst'), 'Arn'] },
      },
      Permissions: ['SELECT', 'DESCRIBE'],
    });
  });

  test('where Lake Formation governs, no grant comes before its database', () => {
    const grants = asked('lake-formation').findResources('AWS::LakeFormation::PrincipalPermissions');
    const databases = ['MyShopDatabase', 'MyShopStagingDatabase'];
    expect(Object.keys(grants).length).toBeGreaterThan(10);
    for (const { DependsOn } of Object.values(grants))
      expect(DependsOn).toEqual(expect.arrayContaining(databases));
  });
});

describe('lake.config', () => {
  const synth = (tables: string) => () =>
    new Lake(new Stack(app(), 'Caller'), 'Shop', { config: file(tables), bundles: stubBundles() });

  test('by the path of a file', () => {
    const stack = new Stack(app(), 'Caller');
    const path = file(`{ orders: { key: ['id'], columns: { id: 'bigint' } } }`);
    new Lake(stack, 'Shop', { config: path, bundles: stubBundles() });
    Template.fromStack(stack).hasResource('AWS::DynamoDB::GlobalTable', { DeletionPolicy: 'Retain' });
  });

  test('an unknown column and an impossible transform fail at synth, with their paths', () => {
    const headerless = `format: { header: false }, columns: { id: 'bigint', at: 'string' }`;
    expect(synth(`{ orders: { key: ['idd'], ${headerless} } }`)).toThrow(
      /tables\.orders\.key\[0\]: "idd" is not a declared column; did you mean "id"\?/,
    );
    expect(synth(`{ orders: { key: ['id'], ${headerless}, partitionBy: ['month(at)'] } }`)).toThrow(
      /tables\.orders\.partitionBy\[0\]: "month\(at\)"/,
    );
    expect(synth(`{ orders: {} }`)).toThrow(ConfigError);
  });

  test('a missing file, and SQL that is not there', () => {
    expect(() => new Lake(new Stack(app(), 'Caller'), 'Shop', { config: '/nowhere.ts' })).toThrow('TM_1001');
    const folder = mkdtempSync(join(tmpdir(), 'tidemark-lake-'));
    expect(() => new Lake(new Stack(app(), 'Caller'), 'Shop', { config: config(), folder })).toThrow(
      /reports\.features\.sql: .*user_features\.sql is not there/,
    );
  });

  test('functions that were not built', () => {
    const bundles = mkdtempSync(join(tmpdir(), 'tidemark-lake-'));
    expect(
      () => new Lake(new Stack(app(), 'Caller'), 'Shop', { config: config(), folder: FOLDER, bundles }),
    ).toThrow('TM_8001');
  });
});

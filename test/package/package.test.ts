import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { give, type Installed, installPackage, link, ROOT, runIn } from './installed';

// On a busy machine; alone the suite takes less than a minute.
jest.setTimeout(300_000);

const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
const CDK = join(ROOT, 'node_modules/aws-cdk/bin/cdk');

let installed: Installed;

beforeAll(async () => {
  installed = await installPackage();
});

afterAll(async () => {
  await rm(installed.folder, { recursive: true, force: true });
});

/** What a program has loaded once it has required `name`: names of packages. */
async function loadedBy(name: string): Promise<string[]> {
  const script = `require('${name}'); console.log(JSON.stringify(Object.keys(require.cache)))`;
  const files = JSON.parse(await installed.run(process.execPath, '-e', script)) as string[];
  const packages = files.map(
    file =>
      file
        .split('/node_modules/')
        .at(-1)!
        .match(/^(@[^/]+\/)?[^/]+/)![0],
  );
  return [...new Set(packages)].sort();
}

/** The functions below a folder, by the name of their own: each file's hash by its name. */
function bundlesIn(folder: string): Record<string, Record<string, string>> {
  const hash = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter(e => e.isFile());
  const bundles = new Set(files.filter(e => e.name === 'index.js').map(e => e.parentPath));
  return Object.fromEntries(
    [...bundles].map(bundle => [
      basename(bundle),
      Object.fromEntries(readdirSync(bundle).map(name => [name, hash(join(bundle, name))])),
    ]),
  );
}

test('package.files: what was built, and nothing of the sources', () => {
  const { files, size, unpackedSize } = installed.packed;
  const paths = files.map(file => file.path);
  const kinds = new Set(paths.map(path => path.split('/').slice(0, 2).join('/')));
  const built = ['dist/bin', 'dist/lambdas', 'dist/lib', 'dist/types'];
  expect([...kinds].sort()).toEqual(['LICENSE', 'README.md', ...built, 'package.json']);
  const functions = readdirSync(join(ROOT, 'lambdas'), { withFileTypes: true }).filter(e => e.isDirectory());
  expect(paths).toEqual(expect.arrayContaining(functions.map(({ name }) => `dist/lambdas/${name}/index.js`)));
  expect(paths.filter(path => /\.test\.|\.map$|(?<!\.d)\.ts$/.test(path))).toEqual([]);
  // parquet-wasm comes as a dependency, not once more with each function.
  expect(paths.filter(path => path.includes('parquet_wasm'))).toEqual([]);
  expect({ size: size < 6e6, unpackedSize: unpackedSize < 25e6 }).toEqual({
    size: true,
    unpackedSize: true,
  });
});

test('package.light: a config and its errors load nothing else', async () => {
  expect(await loadedBy('tidemark')).toEqual(['tidemark']);
});

test('package.local.light: engines load with what needs them, and nothing of AWS', async () => {
  const loaded = await loadedBy('tidemark/local');
  expect(loaded).toContain('tidemark');
  expect(loaded.filter(name => /duckdb|aws|smithy|constructs|parquet|arrow|commander/.test(name))).toEqual(
    [],
  );
});

test('package.without-cdk: its optional peers are not installed, and only tidemark/cdk asks for them', async () => {
  const asking = installed.run(process.execPath, '-e', "require('tidemark/cdk')");
  await expect(asking).rejects.toThrow(/Cannot find module '(aws-cdk-lib|constructs)/);
});

test('package.without-cdk: a deploy says what to install, and so does the app that the CDK runs', async () => {
  await give(installed, 'examples/cdk-app/tidemark.config.ts', 'deploy/tidemark.config.ts');
  const app = 'node_modules/tidemark/dist/bin/app.js';
  // Nobody is signed in, and nobody asks the network who this machine is.
  const unasked = ['AWS_EC2_METADATA_DISABLED=true', 'AWS_REGION=us-east-1'];
  const deploy = ['npx', 'tidemark', '--config', 'deploy/tidemark.config.ts', 'deploy'];
  for (const program of [[process.execPath, app], deploy]) {
    const output = await installed.run('env', ...unasked, ...program).catch(error => String(error));
    expect(output).toMatch(/\[TM_8026\] .* not installed: aws-cdk-lib, constructs · /);
    expect(output).toContain('npm install aws-cdk-lib constructs');
    expect(output).not.toMatch(/^ {4}at .*tidemark/m);
  }
});

test('package.one-error: an error of tidemark/local is a TidemarkError of tidemark', async () => {
  const script = `
    const { TidemarkError } = require('tidemark');
    require('tidemark/local').openLake('nowhere').catch(error =>
      console.log(error instanceof TidemarkError, error.code));`;
  expect(await installed.run(process.execPath, '-e', script)).toBe('true TM_1001\n');
});

test('package.commands: init, ingest and query by npx, then a script on the same lake', async () => {
  for (const day of [1, 2, 3]) {
    await give(installed, `examples/employees/day${day}.csv`, `employees-2021-01-0${day}.csv`);
  }
  await installed.run('npx', 'tidemark', 'init', 'employees-2021-01-01.csv');
  const config = join(installed.folder, 'tidemark.config.ts');
  const text = await readFile(config, 'utf8');
  expect(text).toContain("key: ['employee_id']");
  const reported = "reports: { employees_daily: { table: 'employees' } },\n});";
  await writeFile(config, text.replace(/\}\);\s*$/, reported));
  await installed.run('npx', 'tidemark', 'ingest', 'employees-2021-01-01.csv', 'employees-2021-01-02.csv');
  const sql = 'SELECT employee_id, department_id FROM employees WHERE employee_id = 5';
  expect(await installed.run('npx', 'tidemark', 'query', sql, '--output', 'csv')).toBe(
    'employee_id,department_id\r\n5,2\r\n',
  );
  await give(installed, 'test/package/consumer/script.mjs', 'script.mjs');
  const [outcome, rows, inDepartment, states] = JSON.parse(
    await installed.run(process.execPath, 'script.mjs'),
  ) as [string, object, number, number];
  expect({ outcome, rows, inDepartment, states }).toEqual({
    outcome: 'taken-in',
    rows: { new: 3, changed: 2, deleted: 0, total: 10 },
    inDepartment: 5,
    states: 2,
  });
});

describe('with its peers', () => {
  beforeAll(() => link(installed, 'aws-cdk-lib', 'constructs'));

  test('package.types: strict programs compile, down to the libraries that the types name', async () => {
    await give(installed, 'test/package/consumer/consumer.ts', 'consumer.ts');
    const strict = ['--noEmit', '--strict', '--noUncheckedIndexedAccess', '--types', 'node', 'consumer.ts'];
    await installed.run(process.execPath, TSC, '--module', 'node20', ...strict);
    const bundler = ['--module', 'esnext', '--moduleResolution', 'bundler', '--skipLibCheck'];
    await installed.run(process.execPath, TSC, ...bundler, '--target', 'es2023', ...strict);
  });

  test('package.cdk: the example compiles, and its stack has the buckets and the functions', async () => {
    await give(installed, 'examples/cdk-app', 'cdk-app');
    const app = join(installed.folder, 'cdk-app');
    await runIn(app, process.execPath, TSC);
    await runIn(app, process.execPath, CDK, 'synth', '--quiet', '--no-notices');
    const file = join(app, 'cdk.out/Shop.template.json');
    const { Resources } = JSON.parse(await readFile(file, 'utf8')) as {
      Resources: Record<string, { Type: string }>;
    };
    const ids = Object.keys(Resources);
    const count = (type: string) => ids.filter(id => Resources[id]!.Type === type).length;
    expect({
      buckets: count('AWS::S3::Bucket'),
      ledgers: count('AWS::DynamoDB::GlobalTable'),
      databases: count('AWS::Glue::Database'),
      functions: ids.flatMap(id => /^LakePipeline([a-z]+)Function[0-9A-F]{8}$/.exec(id)?.[1] ?? []).sort(),
    }).toEqual({
      buckets: 4,
      ledgers: 1,
      databases: 2,
      functions: ['compact', 'ingestfiles', 'merge', 'report', 'sweep', 'vacuum'],
    });
    const deployed = bundlesIn(join(app, 'cdk.out'));
    const built = bundlesIn(join(ROOT, 'dist/lambdas'));
    // Byte for byte what the clone deploys, the engine beside each.
    for (const files of Object.values(deployed)) expect(Object.values(built)).toContainEqual(files);
    expect(Object.keys(deployed)).toHaveLength(6);
    await runIn(app, process.execPath, CDK, 'synth', '--quiet', '--no-notices', '--output', 'again');
    expect(Object.keys(bundlesIn(join(app, 'again'))).sort()).toEqual(Object.keys(deployed).sort());
  });

  test('package.sword-shop: the example compiles, and its app has the game beside the intake', async () => {
    await give(installed, 'examples/sword-shop', 'sword-shop');
    const app = join(installed.folder, 'sword-shop');
    await runIn(app, process.execPath, TSC);
    await runIn(app, process.execPath, CDK, 'synth', '--quiet', '--no-notices');
    const file = join(app, 'cdk.out/SwordShop.template.json');
    const { Resources } = JSON.parse(await readFile(file, 'utf8')) as {
      Resources: Record<string, { Type: string; Properties: { RouteKey?: string } }>;
    };
    const all = Object.values(Resources);
    expect(all.filter(({ Type }) => Type === 'AWS::Kinesis::Stream')).toHaveLength(1);
    const routes = all.flatMap(({ Type, Properties }) =>
      Type === 'AWS::ApiGatewayV2::Route' ? [Properties.RouteKey] : [],
    );
    expect(routes.sort()).toEqual(['GET /{proxy+}', 'POST /events/{table}']);
  });
});

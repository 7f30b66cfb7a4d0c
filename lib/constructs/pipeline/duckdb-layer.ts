import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Architecture, Code, LayerVersion, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { duckDbMissing } from '../errors';

/** Each brings the next along: what the bundle has, what that calls, and the engine itself for Lambda's machines. */
const API = '@duckdb/node-api';
const BINDINGS = '@duckdb/node-bindings';
const ENGINE = '@duckdb/node-bindings-linux-x64';

/**
 * DuckDB as a layer: too large for a bundle, and native. It comes with the package on every Linux x64 machine; elsewhere
 * npm leaves it out until it is asked for it.
 * @param from where packages are looked for; default: from here
 * @throws TM_8005
 */
export function duckDbLayer(scope: Construct, from = __dirname): LayerVersion {
  const api = folderOf(API, from);
  const bindings = api && folderOf(BINDINGS, api);
  if (!bindings) throw duckDbMissing(from, API);
  const engine = folderOf(ENGINE, bindings);
  if (!engine) throw duckDbMissing(bindings, `${ENGINE}@${versionOf(bindings)}`);
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-duckdb-'));
  try {
    // Where a function of Node.js looks for packages of its layers.
    const packages = join(folder, 'nodejs/node_modules');
    cpSync(bindings, join(packages, BINDINGS), { recursive: true, dereference: true });
    cpSync(engine, join(packages, ENGINE), { recursive: true, dereference: true });
    // The CDK copies the folder when the layer is made, and hashes what is in it: the same packages are the same asset.
    return new LayerVersion(scope, 'DuckDb', {
      code: Code.fromAsset(folder),
      compatibleRuntimes: [Runtime.NODEJS_24_X],
      compatibleArchitectures: [Architecture.X86_64],
      license: 'MIT',
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function folderOf(name: string, from: string): string | undefined {
  try {
    return dirname(require.resolve(`${name}/package.json`, { paths: [from] }));
  } catch {
    return undefined;
  }
}

function versionOf(folder: string): string {
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
}

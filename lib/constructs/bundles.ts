import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { bundleMissing, packageMissing } from './errors';

/**
 * A function's code: the folder that the build made of it, which holds all it needs.
 * @param bundles the folder of all of them; default: the package's own
 * @throws TM_8001, TM_8002
 */
export function bundleOf(name: string, bundles = join(packageFolder(__dirname), 'dist/lambdas')): Code {
  const folder = join(bundles, name);
  if (!existsSync(join(folder, 'index.js'))) throw bundleMissing(folder);
  return Code.fromAsset(folder);
}

/** From the sources, from the bundle in dist and from an installed package alike. */
function packageFolder(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (nameOf(join(folder, 'package.json')) === 'tidemark') return folder;
    if (dirname(folder) === folder) throw packageMissing(from);
  }
}

function nameOf(file: string): unknown {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown }).name : undefined;
}

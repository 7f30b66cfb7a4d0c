import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { bundleMissing, engineMissing, packageMissing } from './errors';

/** parquet-wasm as it is published, which a bundle loads from its own folder (scripts/bundle-lambdas.mjs). */
const ENGINE = ['parquet_wasm.js', 'parquet_wasm_bg.wasm'] as const;

/**
 * A function's code: the folder that the build made of it, which holds all it needs. The package brings the engine
 * once, as a dependency, and not again in the folder of each function: there it is put beside the bundle at synth.
 * @param bundles the folder of all of them; default: the package's own
 * @throws TM_8001, TM_8002, TM_8004
 */
export function bundleOf(name: string, bundles = join(packageFolder(__dirname), 'dist/lambdas')): Code {
  const folder = join(bundles, name);
  if (!existsSync(join(folder, 'index.js'))) throw bundleMissing(folder);
  return lacksEngine(folder) ? withEngine(folder) : Code.fromAsset(folder);
}

function lacksEngine(folder: string): boolean {
  if (ENGINE.every(file => existsSync(join(folder, file)))) return false;
  return readFileSync(join(folder, 'index.js'), 'utf8').includes(`./${ENGINE[0]}`);
}

/** By the hash of what comes out: another engine is another asset. No image is ever run. */
function withEngine(folder: string): Code {
  const engine = engineFolder();
  const tryBundle = (output: string) => {
    copyFileSync(join(folder, 'index.js'), join(output, 'index.js'));
    for (const file of ENGINE) copyFileSync(join(engine, file), join(output, file));
    return true;
  };
  return Code.fromAsset(folder, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: { image: DockerImage.fromRegistry('none'), local: { tryBundle } },
  });
}

function engineFolder(): string {
  try {
    return dirname(require.resolve('parquet-wasm/node'));
  } catch {
    throw engineMissing(__dirname);
  }
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

// One folder a function: index.js with everything in it, and beside it parquet-wasm as it is published.
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const WASM = ['parquet_wasm.js', 'parquet_wasm_bg.wasm'];

/** What a function must never carry: engines and tools of this machine. A path through any of them fails the build. */
const LEFT_OUT = /^(?:@duckdb|lmdb|jiti|chokidar|zod|commander|aws-cdk-lib|constructs)(?:\/|$)/;

/** The one function that works with DuckDB: its calls are bundled, the engine is in a layer (lib/constructs). */
const WITH_DUCKDB = 'load';
const OF_DUCKDB = /^@duckdb\/node-(?:api|bindings)$/;

/** The names of the functions: each folder of lambdas/ with an index.ts. */
export async function lambdaNames() {
  const entries = await readdir(join(ROOT, 'lambdas'), { withFileTypes: true });
  return entries.filter(entry => entry.isDirectory()).map(entry => entry.name);
}

/**
 * Bundles every function, or those that are named, into `<outdir>/<name>/`.
 * @returns esbuild's metafile by name, which lists all that went in
 */
export async function bundleLambdas(outdir, names) {
  const metafiles = {};
  for (const name of names ?? (await lambdaNames())) {
    metafiles[name] = await bundle(name, join(outdir, name));
  }
  return metafiles;
}

async function bundle(name, folder) {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [`lambdas/${name}/index.ts`],
    outfile: join(folder, 'index.js'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    // Names of functions stay: a stack trace in the log has to say where it was.
    minifySyntax: true,
    minifyWhitespace: true,
    // The ES modules of the SDK's clients: of them only what is used comes in.
    mainFields: ['module', 'main'],
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
    plugins: [besideTheBundle, ...(name === WITH_DUCKDB ? [duckDb] : []), leftOut],
  });
  if (Object.values(metafile.outputs)[0].imports.some(({ path }) => path === `./${WASM[0]}`)) {
    await copyWasm(folder);
  }
  return metafile;
}

/**
 * parquet-wasm reads its wasm from its own folder, and is loaded again after a trap (lib/parquet/engine.ts): so it
 * stays a module of its own, beside the bundle.
 */
const besideTheBundle = {
  name: 'beside-the-bundle',
  setup(build) {
    build.onResolve({ filter: /^parquet-wasm\/node$/ }, () => ({ path: `./${WASM[0]}`, external: true }));
  },
};

/** Before `leftOut`, which would refuse it. */
const duckDb = {
  name: 'duckdb',
  setup(build) {
    build.onResolve({ filter: OF_DUCKDB }, ({ path }) =>
      path.endsWith('-bindings')
        ? { path, external: true }
        : { path: fileURLToPath(import.meta.resolve('@duckdb/node-api')) },
    );
  },
};

const leftOut = {
  name: 'left-out',
  setup(build) {
    build.onResolve({ filter: LEFT_OUT }, ({ path, importer }) => ({
      errors: [{ text: `${importer} brings ${path} into a function` }],
    }));
  },
};

async function copyWasm(folder) {
  const from = dirname(fileURLToPath(import.meta.resolve('parquet-wasm/node')));
  await mkdir(folder, { recursive: true });
  for (const file of WASM) await copyFile(join(from, file), join(folder, file));
}

// Bundles the command line and the library into dist/, each function of the deployed lake into dist/lambdas/<name>,
// and writes the library's types into dist/types. node build.mjs [folder] [bin|lib|lambdas|types ...]
import { chmod, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundleLambdas } from './bundle-lambdas.mjs';
import { declare } from './declarations.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const outdir = resolve(process.argv[2] ?? join(ROOT, 'dist'));

/** What the package exports: `tidemark`, `tidemark/local`, `tidemark/cdk`. */
const LIBRARY = ['index', 'local', 'cdk'];

// Packages stay external: DuckDB, lmdb and parquet-wasm load files that lie beside their own sources.
const common = {
  absWorkingDir: ROOT,
  outdir,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  packages: 'external',
  logLevel: 'warning',
};

/** One class of errors for all of the library: else `instanceof TidemarkError` holds only within an entry. */
const oneErrorClass = {
  name: 'one-error-class',
  setup(build) {
    build.onResolve({ filter: /\/errors$/ }, ({ path, resolveDir }) =>
      resolve(resolveDir, path) === join(ROOT, 'lib/errors')
        ? { path: './errors.js', external: true }
        : undefined,
    );
  },
};

const parts = {
  async bin() {
    const entryPoints = { 'bin/tidemark': 'bin/tidemark.ts', 'bin/app': 'bin/app.ts' };
    await build({ ...common, entryPoints });
    // npx runs the file itself.
    await chmod(join(outdir, 'bin/tidemark.js'), 0o755);
  },

  async lib() {
    await build({ ...common, entryPoints: { 'lib/errors': 'lib/errors.ts' } });
    const entryPoints = Object.fromEntries(LIBRARY.map(name => [`lib/${name}`, `lib/${name}.ts`]));
    await build({ ...common, entryPoints, plugins: [oneErrorClass] });
  },

  lambdas: () => bundleLambdas(join(outdir, 'lambdas')),

  types: () => declare(join(outdir, 'types'), LIBRARY),
};

const wanted = process.argv.length > 3 ? process.argv.slice(3) : Object.keys(parts);
for (const part of wanted) {
  // What an earlier build left behind would be packed along.
  await rm(join(outdir, part), { recursive: true, force: true });
  await parts[part]();
}

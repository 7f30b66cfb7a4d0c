// Bundles the command line and the library into dist/, each function of the deployed lake into dist/lambdas/<name>,
// and writes the library's types into dist/types. node build.mjs [folder]
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

// What an earlier build left behind would be packed along.
for (const folder of ['bin', 'lib', 'lambdas', 'types']) {
  await rm(join(outdir, folder), { recursive: true, force: true });
}

await build({
  ...common,
  entryPoints: { 'bin/tidemark': 'bin/tidemark.ts', 'bin/app': 'bin/app.ts', 'lib/errors': 'lib/errors.ts' },
});

await build({
  ...common,
  entryPoints: Object.fromEntries(LIBRARY.map(name => [`lib/${name}`, `lib/${name}.ts`])),
  plugins: [oneErrorClass],
});

// npx runs the file itself.
await chmod(join(outdir, 'bin/tidemark.js'), 0o755);

await bundleLambdas(join(outdir, 'lambdas'));

await declare(join(outdir, 'types'), LIBRARY);

// Bundles the command line and the library into dist/, and each function of the deployed lake into
// dist/lambdas/<name>. node build.mjs [folder]
import { chmod } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundleLambdas } from './bundle-lambdas.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const outdir = resolve(process.argv[2] ?? join(ROOT, 'dist'));

// Packages stay external: DuckDB, lmdb and parquet-wasm load files that lie beside their own sources.
await build({
  absWorkingDir: ROOT,
  entryPoints: { 'bin/tidemark': 'bin/tidemark.ts', 'bin/app': 'bin/app.ts', 'lib/index': 'lib/index.ts' },
  outdir,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  packages: 'external',
  sourcemap: 'linked',
  logLevel: 'warning',
});

// npx runs the file itself.
await chmod(join(outdir, 'bin/tidemark.js'), 0o755);

await bundleLambdas(join(outdir, 'lambdas'));

// Bundles the command line and the library into dist/. Packages stay external: DuckDB, lmdb and
// parquet-wasm load files that lie beside their own sources. node build.mjs [folder]
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const outdir = process.argv[2] ?? 'dist';

await build({
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

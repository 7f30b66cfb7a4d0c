// Bundles the command line and the library into dist/. Packages stay external: DuckDB, lmdb and
// parquet-wasm load files that lie beside their own sources.
import { build } from 'esbuild';

await build({
  entryPoints: { 'bin/tidemark': 'bin/tidemark.ts', 'lib/index': 'lib/index.ts' },
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  packages: 'external',
  sourcemap: 'linked',
  logLevel: 'warning',
});

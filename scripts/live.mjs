// npm run test:live -- [--yes] [--keep]: a lake in a real account, deployed, used, destroyed (test/live).
// Without --yes it shows what it would do. Never in CI: it needs credentials, and bills their owner.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
// Below node_modules: packages stay outside of the bundle and are looked for from where it stands.
const outfile = join(root, 'node_modules/.cache/tidemark-live/main.js');

await build({
  absWorkingDir: root,
  entryPoints: ['test/live/main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  packages: 'external',
  logLevel: 'warning',
});
const { main } = createRequire(import.meta.url)(outfile);
process.exitCode = await main(root, process.argv.slice(2)).catch(error => {
  console.error(error.message);
  return 1;
});

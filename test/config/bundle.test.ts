import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');

/** Bundled as scripts/build.mjs does it, then run in a folder where nothing is installed. */
test('config.load from the bundle', () => {
  const cache = join(ROOT, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  // Below the repository: the bundle's packages stay external and are looked for from where it stands.
  const out = mkdtempSync(join(cache, 'tidemark-bundle-'));
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-bundle-'));
  try {
    const entry = join(out, 'entry.ts');
    const load = join(ROOT, 'lib/config/load');
    writeFileSync(
      entry,
      `import { loadConfig } from ${JSON.stringify(load)};\nloadConfig(process.argv[2]!).then(lake => process.stdout.write(JSON.stringify(lake)));`,
    );
    const bundle = join(out, 'entry.js');
    const flags = [
      '--bundle',
      '--platform=node',
      '--target=node20',
      '--format=cjs',
      '--packages=external',
      '--log-level=warning',
    ];
    execFileSync(join(ROOT, 'node_modules/.bin/esbuild'), [entry, ...flags, `--outfile=${bundle}`]);
    const config = join(folder, 'tidemark.config.ts');
    writeFileSync(
      config,
      `import { defineLake } from 'tidemark';\nexport default defineLake({ name: 'shop' as string, tables: { orders: { key: ['id'] } } });`,
    );
    const output = execFileSync(process.execPath, [bundle, config], { cwd: folder, encoding: 'utf8' });
    expect(JSON.parse(output)).toMatchObject({
      name: 'shop',
      folder,
      tables: [{ name: 'orders', key: ['id'] }],
    });
  } finally {
    rmSync(out, { recursive: true });
    rmSync(folder, { recursive: true });
  }
});

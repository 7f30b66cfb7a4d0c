// The types of what the package exports: dist/types/<entry>.d.ts and the declarations that those name, no others.
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

/** A module named in a declaration: `from './x'` or `import('./x').Y`. */
const NAMED = /(?:from |import\()['"](\.[^'"]+)['"]/g;

/**
 * Writes the declarations of the entries of lib into `outdir`. tsc writes those of every source, most of which nobody
 * outside can name.
 */
export async function declare(outdir, entries) {
  const all = await mkdtemp(join(tmpdir(), 'tidemark-types-'));
  try {
    const args = ['-p', join(ROOT, 'tsconfig.types.json'), '--outDir', all];
    execFileSync(process.execPath, [TSC, ...args], { stdio: 'inherit' });
    for (const file of await reached(entries.map(entry => join(all, `${entry}.d.ts`)))) {
      const target = join(outdir, relative(all, file));
      await mkdir(dirname(target), { recursive: true });
      await copyFile(file, target);
    }
  } finally {
    await rm(all, { recursive: true });
  }
}

async function reached(entries) {
  const found = new Set(entries);
  // What is added while it runs is visited too.
  for (const file of found) {
    for (const [, name] of (await readFile(file, 'utf8')).matchAll(NAMED)) {
      found.add(join(dirname(file), `${name}.d.ts`));
    }
  }
  return found;
}

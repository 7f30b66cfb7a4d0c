// The Node of our functions' runtime, out of the npm package that carries its binary.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../processes.mjs';
import { readChecksums, sha256, untar } from './artifacts.mjs';
import { installed } from './step.mjs';

const VERSION = '24.21.0';
const CHECKSUMS = fileURLToPath(new URL('node24.sha256', import.meta.url));

/** The path of the node binary; undefined where the registry has none of this version for this platform. */
export async function installNode24({ cache, say }) {
  const name = `node-${process.platform}-${process.arch}`;
  const archive = `${name}-${VERSION}.tgz`;
  const wanted = (await readChecksums(CHECKSUMS)).get(archive);
  if (wanted === undefined) {
    say(`node24: there is none for ${process.platform} ${process.arch}`);
    return undefined;
  }
  const folder = await installed('node24', {
    cache,
    say,
    pins: [CHECKSUMS],
    make: async workshop => {
      await mkdir(join(workshop, 'package'));
      await run('npm', ['pack', '--silent', '--pack-destination', workshop, `${name}@${VERSION}`]);
      const actual = await sha256(join(workshop, archive));
      if (actual !== wanted) throw new Error(`${archive} has sha256 ${actual}, ${CHECKSUMS} says ${wanted}`);
      await untar(join(workshop, archive), join(workshop, 'package'));
    },
  });
  return join(folder, 'package/bin/node');
}

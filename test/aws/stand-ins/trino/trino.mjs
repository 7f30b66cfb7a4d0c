// Trino 476, Athena's engine, with its Hive and Iceberg connectors.
// 476: the newest whose server is on Maven Central; the full `trino-server` tarball is not, so it is put together of the
// core and two plugins.
import { link, mkdir, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkFolder, mavenArtifact, sha256, untar } from '../install/artifacts.mjs';
import { installed } from '../install/step.mjs';
import { run, serve } from '../processes.mjs';
import { configure } from './config.mjs';

const VERSION = '476';
const PLUGINS = ['hive', 'iceberg'];
const CHECKSUMS = fileURLToPath(new URL('artifacts.sha256', import.meta.url));

/** Jars beyond this many bytes are kept once where several folders hold the same one. */
const SHARED_JAR_BYTES_MIN = 200_000;

export function installTrino({ cache, say }) {
  return installed('trino', { cache, say, pins: [CHECKSUMS], make: build });
}

async function build(workshop) {
  const downloads = join(workshop, 'downloads');
  const repository = join(workshop, 'm2');
  const server = join(workshop, 'server');
  await mkdir(server);
  const artifacts = [
    `trino-server-core:${VERSION}:tar.gz`,
    ...PLUGINS.map(name => `trino-${name}:${VERSION}:zip`),
  ];
  for (const artifact of artifacts) {
    await mavenArtifact(`io.trino:${artifact}`, { folder: downloads, repository });
  }
  await rm(repository, { recursive: true });
  await checkFolder(downloads, CHECKSUMS);
  await untar(join(downloads, `trino-server-core-${VERSION}.tar.gz`), server);
  await rm(join(server, 'plugin'), { recursive: true });
  for (const name of PLUGINS) await unpackPlugin(name, { downloads, server });
  await rm(downloads, { recursive: true });
  await keepOnce([join(server, 'lib'), ...PLUGINS.map(name => join(server, 'plugin', name))]);
}

async function unpackPlugin(name, { downloads, server }) {
  const plugins = join(server, 'plugin');
  await mkdir(plugins, { recursive: true });
  // Python's, so that no unzip need be installed. The zip holds one folder, trino-<name>-<version>.
  await run('python3', ['-m', 'zipfile', '-e', join(downloads, `trino-${name}-${VERSION}.zip`), plugins]);
  await rename(join(plugins, `trino-${name}-${VERSION}`), join(plugins, name));
}

/** Replaces equal jars by links to one of them: the plugins share half of their bytes. */
async function keepOnce(folders) {
  const kept = new Map();
  for (const folder of folders) {
    for (const jar of (await readdir(folder)).map(name => join(folder, name))) {
      const { size } = await stat(jar);
      if (size < SHARED_JAR_BYTES_MIN) continue;
      const same = `${basename(jar)} ${await sha256(jar)}`;
      const first = kept.get(same);
      if (first === undefined) kept.set(same, jar);
      else {
        await unlink(jar);
        await link(first, jar);
      }
    }
  }
}

const JVM = [
  '-server',
  '-Xmx1G',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1', // starts in half the time; the tests' statements are small
  '-XX:+ExitOnOutOfMemoryError',
  '-XX:ReservedCodeCacheSize=256M',
  '-XX:+EnableDynamicAgentLoading',
  '-Djdk.attach.allowAttachSelf=true',
  '-Dfile.encoding=UTF-8',
  '--enable-native-access=ALL-UNNAMED',
  '--sun-misc-unsafe-memory-access=allow',
];

/** A JDK writes an archive of loaded classes when Trino stops for the first time; later starts take 40 % less. */
const classArchive = folder => [
  '-XX:+AutoCreateSharedArchive',
  `-XX:SharedArchiveFile=${join(folder, 'classes.jsa')}`,
  '-Xlog:cds=off',
  '-Xlog:cds+dynamic=off',
  '-Xlog:aot=off',
];

export async function startTrino(folder, { java, port, logs, work, aws }) {
  const etc = join(work, 'etc');
  const data = join(work, 'data');
  const server = join(folder, 'server');
  await mkdir(data, { recursive: true });
  await configure(etc, { port, plugins: join(server, 'plugin'), aws });
  const vector = (await run(java, ['--list-modules'])).includes('jdk.incubator.vector')
    ? ['--add-modules=jdk.incubator.vector']
    : [];
  const settings = [
    `-Dconfig=${join(etc, 'config.properties')}`,
    `-Dlog.levels-file=${join(etc, 'log.properties')}`,
    '-Dnode.environment=test',
    '-Dnode.id=local',
    `-Dnode.data-dir=${data}`,
  ];
  const program = ['-cp', join(server, 'lib/*'), 'io.trino.server.TrinoServer'];
  return serve(java, [...JVM, ...classArchive(folder), ...vector, ...settings, ...program], {
    cwd: work,
    log: join(logs, 'trino.log'),
    ready: () => isReady(port),
  });
}

async function isReady(port) {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/info`);
  return (await answer.json()).starting === false;
}

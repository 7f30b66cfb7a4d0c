// Files from registries, fetched by the registries' own clients and taken only with the sha256 that we keep.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from '../processes.mjs';

const DEPENDENCY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1';

/** The sha256 of a file, in hex. */
export async function sha256(file) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** A list in the form of sha256sum: hash, two spaces, file name. Empty lines and those with # say nothing. */
export async function readChecksums(list) {
  const lines = (await readFile(list, 'utf8'))
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'));
  return new Map(lines.map(line => line.split(/\s+/)).map(([hash, name]) => [name, hash]));
}

/**
 * Refuses a folder that holds other files than the list, or another content.
 * @throws when a file is missing, is not on the list, or differs
 */
export async function checkFolder(folder, list) {
  const wanted = await readChecksums(list);
  const found = await readdir(folder);
  const strangers = found.filter(name => !wanted.has(name));
  if (strangers.length > 0)
    throw new Error(`${folder} holds files that ${list} does not name: ${strangers.join(', ')}`);
  for (const [name, hash] of wanted) {
    if (!found.includes(name)) throw new Error(`${name} of ${list} was not fetched`);
    const actual = await sha256(join(folder, name));
    if (actual !== hash) throw new Error(`${name} has sha256 ${actual}, ${list} says ${hash}`);
  }
}

/** Copies one artifact (group:artifact:version:packaging) into a folder; `repository` is Maven's own, kept by the caller. */
export function mavenArtifact(coordinates, { folder, repository }) {
  return maven(repository, [
    `${DEPENDENCY_PLUGIN}:copy`,
    `-Dartifact=${coordinates}`,
    `-DoutputDirectory=${folder}`,
  ]);
}

/** Copies the runtime dependencies of a pom into a folder. */
export function mavenDependencies(pom, { folder, repository }) {
  const goal = `${DEPENDENCY_PLUGIN}:copy-dependencies`;
  return maven(repository, ['-f', pom, goal, '-DincludeScope=runtime', `-DoutputDirectory=${folder}`]);
}

async function maven(repository, args) {
  await run('mvn', ['-q', '-B', `-Dmaven.repo.local=${repository}`, ...args]);
}

/** Installs packages by a file of pinned versions and hashes into a fresh virtual environment. Gives its python. */
export async function pythonEnvironment(folder, requirements) {
  const system = process.env.PYTHON ?? 'python3';
  await run(system, ['-m', 'venv', '--clear', folder]);
  const python = join(folder, 'bin/python');
  await run(python, [
    ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'],
    ...['--require-hashes', '--only-binary', ':all:', '--requirement', requirements],
  ]);
  return python;
}

/** Unpacks the contents of wheels or a tarball's only folder. */
export async function untar(archive, folder) {
  await run('tar', ['-xzf', archive, '--strip-components=1', '-C', folder]);
  await rm(archive);
}

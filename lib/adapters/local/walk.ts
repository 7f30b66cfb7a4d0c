import type { BigIntStats, Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathOutside } from '../../ports/errors';
import type { ObjectInfo } from '../../ports/object-store';
import { compareKeys } from '../keys';
import { ASIDE_FOLDER } from './durable';
import { coded, isAbsent } from './file-errors';

/** Files looked up at once: enough to keep the disk busy, few enough to hold a listing's memory still. */
const LOOKUPS_AT_ONCE = 32;

/** What a file's bytes are taken for: size, time of the last write in ns, and file number. No hash: nothing is read. */
export function etagOf(stats: BigIntStats): string {
  return `${stats.size}-${stats.mtimeNs}-${stats.ino}`;
}

/**
 * The files below `root` whose key starts with `prefix`, after the key `after`, in key order. A folder's names
 * are held in memory one level at a time. Throws PATH_OUTSIDE at a symbolic link: passing it over would be a
 * file never taken in.
 */
export async function* walk(
  root: string,
  prefix: string,
  after: string | undefined,
): AsyncIterable<ObjectInfo> {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  yield* walkFolder(root, folder, prefix, after);
}

async function* walkFolder(
  root: string,
  folder: string,
  prefix: string,
  after: string | undefined,
): AsyncIterable<ObjectInfo> {
  const names = (await entries(root, folder))
    // A folder's name sorts with its slash: `a-b` and `a.b` come before what stands in `a`.
    .map(entry => ({ entry, key: folder + entry.name + (entry.isDirectory() ? '/' : '') }))
    .filter(({ entry, key }) => key.startsWith(prefix) || (entry.isDirectory() && prefix.startsWith(key)))
    .filter(({ key }) => isAfter(key, after))
    .sort((a, b) => compareKeys(a.key, b.key));

  for (let i = 0; i < names.length; i += LOOKUPS_AT_ONCE) {
    const batch = names.slice(i, i + LOOKUPS_AT_ONCE);
    const found = await Promise.all(
      batch.map(({ entry, key }) => (entry.isFile() ? info(root, key) : undefined)),
    );
    for (const [j, { entry, key }] of batch.entries()) {
      if (entry.isSymbolicLink()) throw pathOutside(key, root, 'is a symbolic link');
      const object = found[j];
      if (object) yield object;
      else if (entry.isDirectory()) yield* walkFolder(root, key, prefix, after);
    }
  }
}

async function entries(root: string, folder: string): Promise<Dirent[]> {
  try {
    const all = await readdir(join(root, folder), { withFileTypes: true });
    return folder === '' ? all.filter(entry => entry.name !== ASIDE_FOLDER) : all;
  } catch (error) {
    if (isAbsent(error)) return [];
    throw coded(join(root, folder), error);
  }
}

/** Whether the key, or any key in the folder it names, comes after `after`. */
function isAfter(key: string, after: string | undefined): boolean {
  if (after === undefined || compareKeys(key, after) > 0) return true;
  return key.endsWith('/') && after.startsWith(key);
}

/** Undefined when the file was removed since its name was read. */
async function info(root: string, key: string): Promise<ObjectInfo | undefined> {
  try {
    const stats = await lstat(join(root, key), { bigint: true });
    return stats.isFile() ? { key, size: Number(stats.size), etag: etagOf(stats) } : undefined;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw coded(join(root, key), error);
  }
}

import { lstat, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pathOutside } from '../../ports/errors';
import type { ObjectStore } from '../../ports/object-store';
import { linkNamed, notAFile } from '../errors';
import { guarded, isAbsent } from './file-errors';
import { localStore } from './object-store';

/** A file as the landing that holds nothing else, and its key there. */
export interface LandedFile {
  readonly landing: ObjectStore;
  readonly key: string;
}

/** Schema, table and the three folders of DMS's date partitioning: what a layout can say stands in these. */
const FOLDERS_MAX = 5;

/**
 * A file anywhere on this machine as an object to take in. Its key keeps the last folders of the path as it was
 * given, so that the layout shows; whatever links those folders are, the landing opens this one file and no other.
 * @param onRead told of each piece's bytes as it is streamed
 * @throws TM_5108 when the file itself is a symbolic link, TM_5109 for a pipe or device
 */
export async function landedFile(
  path: string,
  onRead: (bytes: number) => void = () => undefined,
): Promise<LandedFile> {
  const given = resolve(path);
  const key = [...dirname(given).split('/').filter(Boolean).slice(-FOLDERS_MAX), basename(given)].join('/');
  const folder = await guarded(given, () => realpath(dirname(given)));
  const name = basename(given);
  await requireFile(given);
  const files = localStore(folder);
  const only = (asked: string): string => {
    if (asked !== key) throw pathOutside(asked, given, 'is not the file that was named');
    return name;
  };
  const refuse = async (): Promise<never> => {
    throw pathOutside(key, given, 'is in a landing, which is only read');
  };
  const landing: ObjectStore = {
    uri: asked => files.uri(only(asked)),
    keyOf: uri => {
      if (uri !== join(folder, name)) throw pathOutside(uri, given, 'is not the file that was named');
      return key;
    },
    head: async asked => {
      const info = await files.head(only(asked));
      return info && { ...info, key };
    },
    get: asked => files.get(only(asked)),
    range: (asked, start, end) => files.range(only(asked), start, end),
    stream: async function* (asked, etag) {
      for await (const piece of files.stream(only(asked), etag)) {
        yield piece;
        onRead(piece.length);
      }
    },
    list: async function* (prefix) {
      const info = key.startsWith(prefix) ? await files.head(name) : undefined;
      if (info) yield { ...info, key };
    },
    putIfAbsent: refuse,
    put: refuse,
    delete: refuse,
    deleteMany: refuse,
  };
  return { landing, key };
}

/** What is not there passes: whoever reads it says so. */
async function requireFile(path: string): Promise<void> {
  const absent = (error: unknown) => {
    if (isAbsent(error)) return undefined;
    throw error;
  };
  await guarded(path, async () => {
    const stats = await lstat(path).catch(absent);
    if (!stats || stats.isFile() || stats.isDirectory()) return;
    // A link below /dev or /proc may name a pipe, whose path is none.
    const led = stats.isSymbolicLink() ? await stat(path).catch(absent) : stats;
    if (led && !led.isFile() && !led.isDirectory()) throw notAFile(path);
    throw linkNamed(path, await realpath(path).catch(() => 'it leads nowhere'));
  });
}

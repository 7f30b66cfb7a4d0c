import { type FileHandle, lstat, open, readFile, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { objectChanged, objectMissing, pathOutside } from '../../ports/errors';
import type { NotDeleted, ObjectBody, ObjectRange, ObjectStore } from '../../ports/object-store';
import { checkKey, checkKeysToDelete, checkPrefix, keyBelow } from '../keys';
import { ASIDE_FOLDER, type DurableWriter, durableWriter } from './durable';
import { coded, guarded, isAbsent, systemCode } from './file-errors';
import { etagOf, walk } from './walk';

/** Bytes that a stream, or a copy within the store, reads at a time. */
const STREAM_PIECE_BYTES = 1 << 20;

/** Work on the file of a key, whose failures are coded. */
type At = <T>(key: string, work: (path: string) => Promise<T>) => Promise<T>;

/**
 * A folder as an ObjectStore (POSIX file systems with hard links). A uri is the plain absolute path, without
 * `file://`: position deletes match file names character for character. A key is one file below the folder:
 * no part of it may be a symbolic link, and a key cannot be a file and a folder at once.
 */
export function localStore(folder: string): ObjectStore {
  const root = resolve(folder);
  const base = root.endsWith('/') ? root : `${root}/`;
  const writer = durableWriter(root);
  const pathOf = (key: string) => {
    checkKey(key, root);
    if (key.split('/', 1)[0] === ASIDE_FOLDER)
      throw pathOutside(key, root, 'is in the folder of unfinished files');
    return base + key;
  };
  const at: At = async (key, work) => {
    const path = pathOf(key);
    return guarded(path, async () => {
      await refuseLinks(root, base, key);
      return work(path);
    });
  };
  const range = (key: string, start: number, end: number) => at(key, path => readRange(path, start, end));

  return {
    uri: pathOf,
    keyOf: uri => {
      const key = keyBelow(base, uri);
      pathOf(key);
      return key;
    },
    head: key =>
      at(key, async path => {
        const stats = await unlessAbsent(lstat(path, { bigint: true }));
        return stats?.isFile() ? { key, size: Number(stats.size), etag: etagOf(stats) } : undefined;
      }),
    get: key =>
      at(key, async path => {
        const bytes = await unlessAbsent(readFile(path));
        return bytes && new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      }),
    range,
    stream: (key, etag) => streamFile(() => at(key, openFile), pathOf(key), etag),
    putIfAbsent: (key, body) => at(key, path => writer.linkNew(path, bytesOf(body, range))),
    put: (key, body) => at(key, path => writer.replace(path, body)),
    list: (prefix, after) => {
      checkPrefix(prefix, root);
      return walk(root, prefix, after);
    },
    async delete(key) {
      const failed = await at(key, path => writer.remove([path]));
      for (const [path, error] of failed) if (systemCode(error) !== 'EISDIR') throw coded(path, error);
    },
    deleteMany: keys => deleteFiles(keys, { root, at, writer }),
  };
}

/** What the writer writes: ranges are read in pieces, in their turn, so that memory holds one piece. */
function bytesOf(body: ObjectBody, range: ObjectStore['range']): Uint8Array | AsyncIterable<Uint8Array> {
  return body instanceof Uint8Array ? body : piecesOf(body, range);
}

async function* piecesOf(
  body: AsyncIterable<Uint8Array | ObjectRange>,
  range: ObjectStore['range'],
): AsyncGenerator<Uint8Array> {
  for await (const part of body) {
    if (part instanceof Uint8Array) yield part;
    else
      for (let start = part.start; start < part.end; start += STREAM_PIECE_BYTES) {
        yield await range(part.key, start, Math.min(part.end, start + STREAM_PIECE_BYTES));
      }
  }
}

/**
 * Throws PATH_OUTSIDE when a part of the key is a symbolic link: a link may lead anywhere. Whoever can put
 * links into the folder while this runs can do worse than win that race.
 */
async function refuseLinks(root: string, base: string, key: string): Promise<void> {
  const realRoot = await unlessAbsent(realpath(root));
  if (realRoot === undefined) return;
  for (let path = base + key; path.length > root.length; path = dirname(path)) {
    const real = await unlessAbsent(realpath(path));
    if (real === undefined) continue;
    if (real !== join(realRoot, path.slice(root.length)))
      throw pathOutside(key, root, 'leads through a symbolic link');
    return;
  }
}

async function readRange(path: string, start: number, end: number): Promise<Uint8Array> {
  const handle = await openFile(path);
  if (!handle) throw objectMissing(path, 'is missing');
  try {
    const { size } = await handle.stat();
    if (start < 0 || end < start || end > size) {
      throw objectMissing(path, `has no bytes ${start} to ${end}, only ${size}`);
    }
    const bytes = new Uint8Array(end - start);
    for (let filled = 0; filled < bytes.length; ) {
      const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
      if (bytesRead === 0) throw objectMissing(path, `ended while bytes ${start} to ${end} were read`);
      filled += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}

/**
 * The etag is compared before the first and after the last byte: a file that an uploader still writes to shows
 * by its size or time. One that is replaced by another goes on as it was opened, which is what the etag named.
 */
async function* streamFile(
  opening: () => Promise<FileHandle | undefined>,
  path: string,
  etag: string,
): AsyncIterable<Uint8Array> {
  const handle = await opening();
  if (!handle) throw objectChanged(path);
  try {
    await compareEtag(handle, path, etag);
    for (;;) {
      const piece = new Uint8Array(STREAM_PIECE_BYTES);
      const { bytesRead } = await handle.read(piece, 0, piece.length, null);
      if (bytesRead === 0) break;
      yield piece.subarray(0, bytesRead);
    }
    await compareEtag(handle, path, etag);
  } catch (error) {
    throw coded(path, error);
  } finally {
    await handle.close();
  }
}

async function compareEtag(handle: FileHandle, path: string, etag: string): Promise<void> {
  if (etagOf(await handle.stat({ bigint: true })) !== etag) throw objectChanged(path);
}

async function deleteFiles(
  keys: readonly string[],
  { root, at, writer }: { root: string; at: At; writer: DurableWriter },
): Promise<NotDeleted[]> {
  checkKeysToDelete(keys, root);
  const refused: NotDeleted[] = [];
  const refuse = (key: string, error: unknown) => {
    refused.push({ key, reason: error instanceof Error ? error.message : String(error) });
  };
  const files = new Map<string, string>();
  for (const key of keys) {
    await at(key, async path => files.set(path, key)).catch(error => refuse(key, error));
  }
  for (const [path, error] of await writer.remove([...files.keys()])) {
    if (systemCode(error) !== 'EISDIR') refuse(files.get(path)!, error);
  }
  return refused;
}

/** The open file; undefined when no file stands there. */
async function openFile(path: string): Promise<FileHandle | undefined> {
  const handle = await unlessAbsent(open(path, 'r'));
  if (!handle || (await handle.stat()).isFile()) return handle;
  await handle.close();
  return undefined;
}

/** Undefined when no file stands under the name. */
async function unlessAbsent<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (isAbsent(error) || systemCode(error) === 'EISDIR') return undefined;
    throw error;
  }
}

import { objectChanged, objectMissing } from '../../ports/errors';
import type { ObjectBody, ObjectInfo, ObjectStore } from '../../ports/object-store';
import { checkKey, checkKeysToDelete, checkPrefix, compareKeys, keyBelow } from '../keys';

/** A store in memory; `objects` lets a test see all that stands in it. */
export interface MemoryStore extends ObjectStore {
  readonly objects: ReadonlyMap<string, Uint8Array>;
}

/** An empty store. Bytes are copied in and out, so that what a caller alters later stays its own. */
export function memoryStore(root = 'mem://lake'): MemoryStore {
  const objects = new Map<string, Uint8Array>();
  const etags = new Map<string, string>();
  let writes = 0;

  const write = (key: string, bytes: Uint8Array) => {
    objects.set(key, bytes);
    etags.set(key, `w${++writes}`);
  };
  const remove = (key: string) => {
    objects.delete(key);
    etags.delete(key);
  };
  const find = (key: string) => {
    checkKey(key, root);
    return objects.get(key);
  };
  const info = (key: string, bytes: Uint8Array): ObjectInfo => ({
    key,
    size: bytes.length,
    etag: etags.get(key) ?? '',
  });

  const range = (key: string, start: number, end: number) => {
    const bytes = find(key);
    if (!bytes) throw objectMissing(`${root}/${key}`, 'is missing');
    if (start < 0 || end < start || end > bytes.length) {
      throw objectMissing(`${root}/${key}`, `has no bytes ${start} to ${end}, only ${bytes.length}`);
    }
    return bytes.slice(start, end);
  };
  const gather = async (body: ObjectBody) => {
    if (body instanceof Uint8Array) return body.slice();
    const parts: Uint8Array[] = [];
    for await (const part of body) {
      parts.push(part instanceof Uint8Array ? part.slice() : range(part.key, part.start, part.end));
    }
    return new Uint8Array(Buffer.concat(parts));
  };

  return {
    objects,
    uri(key) {
      checkKey(key, root);
      return `${root}/${key}`;
    },
    keyOf: uri => keyBelow(`${root}/`, uri),
    async head(key) {
      const bytes = find(key);
      return bytes && info(key, bytes);
    },
    async get(key) {
      return find(key)?.slice();
    },
    range: async (key, start, end) => range(key, start, end),
    async *stream(key, etag) {
      const bytes = find(key);
      if (!bytes || etags.get(key) !== etag) throw objectChanged(`${root}/${key}`);
      if (bytes.length > 0) yield bytes.slice();
      if (etags.get(key) !== etag) throw objectChanged(`${root}/${key}`);
    },
    async putIfAbsent(key, body) {
      checkKey(key, root);
      const bytes = await gather(body);
      // From here to the write nothing is awaited: of two racing writers one finds the key taken.
      if (objects.has(key)) return false;
      write(key, bytes);
      return true;
    },
    async put(key, body) {
      checkKey(key, root);
      write(key, body.slice());
    },
    async *list(prefix, after) {
      checkPrefix(prefix, root);
      const keys = [...objects.keys()].filter(
        key => key.startsWith(prefix) && (after === undefined || compareKeys(key, after) > 0),
      );
      for (const key of keys.sort(compareKeys)) {
        const bytes = objects.get(key);
        if (bytes) yield info(key, bytes);
      }
    },
    async delete(key) {
      checkKey(key, root);
      remove(key);
    },
    async deleteMany(keys) {
      checkKeysToDelete(keys, root);
      for (const key of keys) remove(key);
      return [];
    },
  };
}

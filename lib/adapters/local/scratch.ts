import { createReadStream, createWriteStream } from 'node:fs';
import { access, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { objectChanged, objectMissing } from '../../ports/errors';
import type { Scratch } from '../../ports/scratch';

/** @param root an absolute folder of our own; it is made when it is needed */
export function localScratch(root: string): Scratch {
  return {
    async within(work) {
      await mkdir(root, { recursive: true });
      const folder = await mkdtemp(join(root, 'load-'));
      try {
        return await work(folder);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    async bring(store, { key, etag }, folder) {
      const found = await store.head(key);
      if (!found) throw objectMissing(store.uri(key), 'is missing');
      if (etag !== undefined && found.etag !== etag) throw objectChanged(store.uri(key));
      const place = store.uri(key);
      if (isAbsolute(place) && (await isReadable(place))) return place;
      // Two objects of one name stand in different folders.
      const own = await mkdtemp(join(folder, 'in-'));
      const path = join(own, basename(key));
      await pipeline(store.stream(key, found.etag), createWriteStream(path));
      return path;
    },
    async publish(store, file, key) {
      await store.putIfAbsent(key, createReadStream(file));
    },
  };
}

async function isReadable(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { objectChanged, objectMissing } from '../../ports/errors';
import type { Published, Scratch } from '../../ports/scratch';
import { guarded } from './file-errors';

/** @param root an absolute folder of our own; it is made when it is needed */
export function localScratch(root: string): Scratch {
  return {
    async within(work) {
      await guarded(root, () => mkdir(root, { recursive: true }));
      const folder = await guarded(root, () => mkdtemp(join(root, 'load-')));
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
      const own = await guarded(folder, () => mkdtemp(join(folder, 'in-')));
      const path = join(own, basename(key));
      await guarded(path, () => pipeline(store.stream(key, found.etag), createWriteStream(path)));
      return path;
    },
    async keep(bytes, folder, name) {
      const path = join(folder, name);
      await guarded(path, () => pipeline(bytes, createWriteStream(path)));
      return path;
    },
    async publish(store, file, key) {
      const written = new Measured(createReadStream(file));
      if (await store.putIfAbsent(key, written)) return written.result();
      const standing = (await store.head(key))!;
      const read = new Measured(store.stream(key, standing.etag));
      for await (const _ of read);
      return read.result();
    },
  };
}

/** Bytes that pass, counted and summed up. */
class Measured implements AsyncIterable<Uint8Array> {
  private readonly hash = createHash('sha256');
  private bytes = 0;

  constructor(private readonly pieces: AsyncIterable<Uint8Array>) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const piece of this.pieces) {
      this.hash.update(piece);
      this.bytes += piece.length;
      yield piece;
    }
  }

  /** Once all has passed. */
  result(): Published {
    return { bytes: this.bytes, sha256: this.hash.digest('hex') };
  }
}

async function isReadable(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

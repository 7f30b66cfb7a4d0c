import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ObjectStore } from '../../ports/object-store';
import { checkKey, checkKeysToDelete, checkPrefix, keyBelow } from '../keys';
import { deleteObject, deleteObjects } from './s3-delete';
import { listObjects } from './s3-list';
import { codedObject, type S3Object } from './s3-object';
import { getObject, headObject, rangeOfObject, streamObject } from './s3-read';
import { putIfAbsent } from './s3-write';

/**
 * A bucket, or what is below a prefix of it, as an ObjectStore; uris are `s3://bucket/prefix/key`. An etag is S3's,
 * without its quotes.
 *
 * The client's own retries stay on: every call here may be repeated. What is written carries a CRC32 (the SDK's
 * default, leave it on), which S3 checks before it stores the bytes.
 *
 * Whoever uses it needs s3:ListBucket on the bucket: without it S3 answers 403 for a missing object, which throws
 * TM_5202 here, since it may as well be there. Objects whose names are no keys (a console's folder marker `a/`) are
 * left out of lists.
 */
export function s3Store(client: S3Client, where: { bucket: string; prefix?: string }): ObjectStore {
  const { bucket } = where;
  const prefix = (where.prefix ?? '').replace(/^\/+|\/+$/g, '');
  const base = prefix === '' ? '' : `${prefix}/`;
  const root = `s3://${bucket}/${base}`;
  const object = (key: string): S3Object => {
    // With the prefix: S3 limits the length of the whole.
    checkKey(base + key, root);
    return { client, place: { Bucket: bucket, Key: base + key }, uri: root + key };
  };
  const range = async (key: string, start: number, end: number) => rangeOfObject(object(key), start, end);

  return {
    uri: key => object(key).uri,
    keyOf: uri => {
      const key = keyBelow(root, uri);
      object(key);
      return key;
    },
    async head(key) {
      const head = await headObject(object(key));
      return head && { key, size: head.size, etag: head.etag };
    },
    get: async key => getObject(object(key)),
    range,
    stream: (key, etag) => streamObject(object(key), etag),
    putIfAbsent: async (key, body) => putIfAbsent(object(key), body, { object, range }),
    async put(key, body) {
      const { place, uri } = object(key);
      try {
        await client.send(new PutObjectCommand({ ...place, Body: body }));
      } catch (error) {
        throw codedObject('PutObject', uri, error);
      }
    },
    async *list(prefixOfKey, after) {
      checkPrefix(base + prefixOfKey, root);
      const from = after === undefined ? undefined : base + after;
      for await (const info of listObjects(client, bucket, base + prefixOfKey, from)) {
        const key = info.key.slice(base.length);
        if (isKey(key)) yield { ...info, key };
      }
    },
    async delete(key) {
      await deleteObject(object(key));
    },
    async deleteMany(keys) {
      checkKeysToDelete(keys, root);
      const refused = await deleteObjects(
        client,
        bucket,
        keys.map(key => object(key)),
      );
      return refused.map(({ key, reason }) => ({ key: key.slice(base.length), reason }));
    },
  };
}

function isKey(key: string): boolean {
  try {
    checkKey(key, '');
    return true;
  } catch {
    return false;
  }
}

import type { S3Client } from '@aws-sdk/client-s3';
import type { ObjectStore } from '../../ports/object-store';
import { keyBelow } from '../keys';
import { s3Store } from './object-store';

/**
 * Several buckets as one store to read from: a key is the bucket, `/`, the object's key in it; uris are `s3://key`.
 * Whatever writes throws: nothing here is ours.
 * @param check throws for what is not to be read: an object's uri, or the beginning of uris that are listed
 */
export function bucketsStore(client: S3Client, check: (uri: string) => void): ObjectStore {
  const uri = (key: string) => `s3://${key}`;
  const at = (key: string) => {
    check(uri(key));
    const [bucket = ''] = key.split('/', 1);
    return { store: s3Store(client, { bucket }), within: key.slice(bucket.length + 1), bucket };
  };
  const refuse = async (): Promise<never> => {
    throw new Error('a copy is only read');
  };
  return {
    uri,
    keyOf: address => keyBelow('s3://', address),
    async head(key) {
      const { store, within } = at(key);
      const info = within === '' ? undefined : await store.head(within);
      return info && { ...info, key };
    },
    async get(key) {
      const { store, within } = at(key);
      return store.get(within);
    },
    async range(key, start, end) {
      const { store, within } = at(key);
      return store.range(within, start, end);
    },
    async *stream(key, etag) {
      const { store, within } = at(key);
      yield* store.stream(within, etag);
    },
    async *list(prefix, after) {
      const { store, within, bucket } = at(prefix);
      const from = after?.slice(bucket.length + 1);
      for await (const info of store.list(within, from)) yield { ...info, key: `${bucket}/${info.key}` };
    },
    ...{ putIfAbsent: refuse, put: refuse, delete: refuse, deleteMany: refuse },
  };
}

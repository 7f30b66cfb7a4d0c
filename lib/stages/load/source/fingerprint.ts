import { createHash } from 'node:crypto';
import { compareValues } from '../../../iceberg/single-value';

/** The order of files in a copy: their uris by UTF-8 bytes, which is S3's order and Python's. */
export const byUri = (a: { uri: string }, b: { uri: string }) => compareValues('string', a.uri, b.uri);

/** MD5 over each file's uri then its etag, files sorted by uri; hex. The same files in any order have the same. */
export function fingerprintOf(files: readonly { readonly uri: string; readonly etag: string }[]): string {
  const hash = createHash('md5');
  for (const { uri, etag } of [...files].sort(byUri)) hash.update(uri).update(etag);
  return hash.digest('hex');
}

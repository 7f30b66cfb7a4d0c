import type { S3Client } from '@aws-sdk/client-s3';
import { bucketsStore } from '../adapters/aws/buckets';
import type { AwsLake } from './aws';
import type { CopyRoom } from './load-copy';
import { copyElsewhere, copyUnreadable } from './load-errors';

/**
 * Copies in S3, below the addresses of `deploy.loads.from` and nowhere else: a manifest may name files of any bucket, and
 * whoever plans a load may be allowed more than the function that reads them.
 * LOAD objects of DMS stand in the lake's landing.
 * @param where the lake's own buckets
 */
export function s3Copies(
  s3: S3Client,
  from: readonly string[],
  { lake, landing, landingBucket }: Pick<AwsLake, 'landing' | 'landingBucket'> & { readonly lake: string },
): CopyRoom {
  const address = `s3://${landingBucket}/`;
  const copies = bucketsStore(s3, uri => {
    if (![...from, address].some(place => uri.startsWith(place))) throw copyElsewhere(uri, from);
  });
  return {
    copies,
    landing: { store: landing, address },
    lake: `s3://${lake}/`,
    async absolute(path) {
      if (!/^s3:\/\/[^/]+\//.test(path)) throw copyUnreadable('the copy is not in S3', path);
      return path;
    },
  };
}

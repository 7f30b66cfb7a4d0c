import { ListObjectsV2Command, type ListObjectsV2CommandOutput, type S3Client } from '@aws-sdk/client-s3';
import type { ObjectInfo } from '../../ports/object-store';
import { bareEtag, codedObject } from './s3-object';

/**
 * Objects whose key starts with `prefix`, after the key `after`, in the order of UTF-8 bytes, which is S3's own.
 * Keys are whole, as S3 has them. Needs s3:ListBucket.
 */
export async function* listObjects(
  client: S3Client,
  bucket: string,
  prefix: string,
  after: string | undefined,
): AsyncGenerator<ObjectInfo> {
  let token: string | undefined;
  do {
    const page = await listPage(client, bucket, {
      Prefix: prefix,
      StartAfter: after,
      ContinuationToken: token,
    });
    for (const { Key, Size, ETag } of page.Contents ?? []) {
      yield { key: decodeKey(Key ?? ''), size: Size ?? 0, etag: bareEtag(ETag) };
    }
    token = page.NextContinuationToken;
  } while (token !== undefined);
}

async function listPage(
  client: S3Client,
  bucket: string,
  from: { Prefix: string; StartAfter?: string; ContinuationToken?: string },
): Promise<ListObjectsV2CommandOutput> {
  try {
    // XML has no way to say some characters that a key may hold; without the encoding the page does not parse.
    return await client.send(new ListObjectsV2Command({ Bucket: bucket, EncodingType: 'url', ...from }));
  } catch (error) {
    throw codedObject('ListObjectsV2', `s3://${bucket}/${from.Prefix}`, error);
  }
}

function decodeKey(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll('+', ' '));
}

import { DeleteObjectCommand, DeleteObjectsCommand, type S3Client } from '@aws-sdk/client-s3';
import type { NotDeleted } from '../../ports/object-store';
import { pause } from './backoff';
import { isThrottled } from './failures';
import { codedObject, isMissing, type S3Object } from './s3-object';

const TRIES_MAX = 4;

/** Deletes one object; in a versioned bucket its bytes stay, as an old version. No object there is fine. */
export async function deleteObject({ client, place, uri }: S3Object): Promise<void> {
  try {
    await client.send(new DeleteObjectCommand(place));
  } catch (error) {
    if (!isMissing(error)) throw codedObject('DeleteObject', uri, error);
  }
}

/**
 * Deletes up to 1,000 objects of a bucket by one call, and answers with those that S3 refused, by their whole keys.
 * Each key needs s3:DeleteObject, and is refused by itself. Keys that XML cannot write would have S3 refuse the whole
 * call: they are deleted one by one.
 */
export async function deleteObjects(
  client: S3Client,
  bucket: string,
  objects: readonly S3Object[],
): Promise<NotDeleted[]> {
  const refused: NotDeleted[] = [];
  for (const object of objects.filter(o => !isXml(o.place.Key))) {
    await deleteObject(object).catch((error: Error) =>
      refused.push({ key: object.place.Key, reason: error.message }),
    );
  }
  let keys = objects.map(o => o.place.Key).filter(isXml);
  for (let attempt = 0; keys.length > 0; attempt++) {
    if (attempt > 0) await pause(attempt);
    const last = attempt + 1 === TRIES_MAX;
    const failed = await deleteOnce(client, bucket, keys);
    refused.push(...failed.filter(f => last || !f.passing));
    keys = last ? [] : failed.filter(f => f.passing).map(f => f.key);
  }
  return refused;
}

/** Those that were not deleted; passing: S3 was busy, or failed on its side. */
async function deleteOnce(
  client: S3Client,
  bucket: string,
  keys: readonly string[],
): Promise<(NotDeleted & { readonly passing: boolean })[]> {
  const Delete = { Quiet: true, Objects: keys.map(Key => ({ Key })) };
  try {
    const { Errors = [] } = await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete }));
    return Errors.map(({ Key: key = '', Code = '', Message = '' }) => {
      const passing =
        isThrottled({ name: Code }) || Code === 'InternalError' || Code === 'ServiceUnavailable';
      return { key, reason: `${Code}: ${Message}`, passing };
    });
  } catch (error) {
    throw codedObject('DeleteObjects', `s3://${bucket}/${keys[0]}`, error);
  }
}

function isXml(key: string): boolean {
  return !/[\p{Cc}\ufffe\uffff]/u.test(key);
}

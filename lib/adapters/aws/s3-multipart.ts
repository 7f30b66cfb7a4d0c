import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { objectChanged, objectMissing } from '../../ports/errors';
import type { ObjectRange } from '../../ports/object-store';
import { pause } from './backoff';
import { objectTooLarge } from './errors';
import { isTransient, statusOf } from './failures';
import { codedObject, isMissing, quotedEtag, type S3Object } from './s3-object';
import type { Part } from './s3-parts';
import { type Head, headObject } from './s3-read';

/** S3's limit; at 8 MiB a part, objects of 78 GiB. */
const PARTS_MAX = 10_000;
const COMPLETE_TRIES_MAX = 6;

/** An object that is written in parts. */
export interface Upload {
  readonly object: S3Object;
  readonly notes: Record<string, string>;
  /** True: ours stands under the key; false: another; undefined: nothing. */
  settle(): Promise<boolean | undefined>;
  /** The object that a range is copied from. */
  source(key: string): S3Object;
}

/**
 * Writes an object in parts if nothing stands under its key; one part is under way while the next is gathered. The
 * object appears with the last call, whole. A failure takes the parts back; a crash leaves them to the bucket's rule
 * for uploads that were never completed. @throws OBJECT_MISSING for a range that its object does not have
 */
export async function uploadParts(upload: Upload, parts: AsyncIterable<Part>): Promise<boolean> {
  const { client, place, uri } = upload.object;
  const { UploadId } = await called('CreateMultipartUpload', uri, () =>
    client.send(
      new CreateMultipartUploadCommand({ ...place, Metadata: upload.notes, ChecksumAlgorithm: 'CRC32' }),
    ),
  );
  let completed = false;
  try {
    completed = await complete(upload, UploadId, await sendParts(upload, UploadId, parts));
    return completed;
  } finally {
    if (!completed) {
      await client.send(new AbortMultipartUploadCommand({ ...place, UploadId })).catch(() => undefined);
    }
  }
}

async function sendParts(
  upload: Upload,
  UploadId: string | undefined,
  parts: AsyncIterable<Part>,
): Promise<CompletedPart[]> {
  const { client, place, uri } = upload.object;
  const heads = new Map<string, Head>();
  const send = async (part: Part, PartNumber: number): Promise<CompletedPart> => {
    const target = { ...place, UploadId, PartNumber };
    if ('copy' in part) {
      const result = await copyPart(upload.source(part.copy.key), part.copy, target, heads);
      return { PartNumber, ...result };
    }
    const { ETag, ChecksumCRC32 } = await called('UploadPart', uri, () =>
      client.send(new UploadPartCommand({ ...target, Body: part.bytes, ChecksumAlgorithm: 'CRC32' })),
    );
    return { PartNumber, ETag, ChecksumCRC32 };
  };

  const done: CompletedPart[] = [];
  let underWay: Promise<CompletedPart> | undefined;
  for await (const part of parts) {
    if (underWay) done.push(await underWay);
    if (done.length === PARTS_MAX) throw objectTooLarge(uri, PARTS_MAX);
    underWay = send(part, done.length + 1);
    // Awaited above or below; until then, or if the body fails first, it must not count as unhandled.
    underWay.catch(() => undefined);
  }
  if (underWay) done.push(await underWay);
  return done;
}

/** Copies a range of another object into a part, if that object is still the one whose size was looked at. */
async function copyPart(
  source: S3Object,
  { start, end }: ObjectRange,
  target: { Bucket: string; Key: string; UploadId: string | undefined; PartNumber: number },
  heads: Map<string, Head>,
): Promise<Pick<CompletedPart, 'ETag' | 'ChecksumCRC32'>> {
  const head = heads.get(source.uri) ?? (await headObject(source));
  if (!head) throw objectMissing(source.uri, 'is missing');
  heads.set(source.uri, head);
  if (start < 0 || end > head.size) {
    throw objectMissing(source.uri, `has no bytes ${start} to ${end}, only ${head.size}`);
  }
  try {
    const { CopyPartResult } = await source.client.send(
      new UploadPartCopyCommand({
        ...target,
        CopySource: `${source.place.Bucket}/${source.place.Key.split('/').map(encodeURIComponent).join('/')}`,
        CopySourceRange: `bytes=${start}-${end - 1}`,
        CopySourceIfMatch: quotedEtag(head.etag),
      }),
    );
    return { ETag: CopyPartResult?.ETag, ChecksumCRC32: CopyPartResult?.ChecksumCRC32 };
  } catch (error) {
    if (statusOf(error) === 412) throw objectChanged(source.uri);
    throw codedObject('UploadPartCopy', source.uri, error);
  }
}

async function complete(
  { object, settle }: Upload,
  UploadId: string | undefined,
  Parts: CompletedPart[],
): Promise<boolean> {
  for (let attempt = 0; ; attempt++) {
    try {
      await object.client.send(
        new CompleteMultipartUploadCommand({
          ...object.place,
          UploadId,
          MultipartUpload: { Parts },
          IfNoneMatch: '*',
        }),
      );
      return true;
    } catch (error) {
      // No such upload: an earlier try of the same call completed it, and its answer was lost.
      const unclear = [409, 412].includes(statusOf(error) ?? 0) || isMissing(error) || isTransient(error);
      const ours = unclear ? await settle() : undefined;
      if (ours !== undefined) return ours;
      // After 409 S3 wants the parts anew, and the body has been read: the caller has to come again.
      if (!isTransient(error) || attempt + 1 >= COMPLETE_TRIES_MAX) {
        throw codedObject('CompleteMultipartUpload', object.uri, error);
      }
    }
    await pause(attempt);
  }
}

async function called<T>(call: string, uri: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw codedObject(call, uri, error);
  }
}

import { randomUUID } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { ObjectBody, ObjectRange, ObjectStore } from '../../ports/object-store';
import { pause } from './backoff';
import { triesSpent } from './errors';
import { isTransient, statusOf } from './failures';
import { uploadParts } from './s3-multipart';
import { codedObject, type S3Object } from './s3-object';
import { partsOf } from './s3-parts';
import { headObject } from './s3-read';

const PUT_TRIES_MAX = 8;

/** User metadata of an object: which call wrote it. */
const WRITER = 'tidemark-writer';

/** The store's other objects, for the ranges of a body. */
export interface Sources {
  object(key: string): S3Object;
  range: ObjectStore['range'];
}

/**
 * Writes the object if nothing stands under its key: one conditional PUT, or an upload in parts for a body of more
 * than one. Memory holds two parts. False: something stands there, nothing was written.
 *
 * Every object bears the name of the call that wrote it. An answer that got lost (or a retry of the SDK that finds
 * its own first try standing, and so gets 412) is settled by reading that name: true means that these bytes stand.
 *
 * A crash leaves nothing under the key; parts sent until then stay until the bucket's rule for uploads that were
 * never completed removes them.
 */
export async function putIfAbsent(object: S3Object, body: ObjectBody, sources: Sources): Promise<boolean> {
  const writer = randomUUID();
  const settle = async () => {
    const standing = await headObject(object);
    return standing && standing.notes[WRITER] === writer;
  };
  const parts = partsOf(body instanceof Uint8Array ? once(body) : body, sources.range);
  try {
    const first = await parts.next();
    const second = first.done ? first : await parts.next();
    if (first.done || (second.done && 'bytes' in first.value)) {
      const bytes = first.done ? new Uint8Array() : (first.value as { bytes: Uint8Array }).bytes;
      return await putOnce(object, bytes, { [WRITER]: writer }, settle);
    }
    const all = (async function* () {
      yield first.value;
      if (!second.done) yield second.value;
      yield* parts;
    })();
    return await uploadParts({ object, notes: { [WRITER]: writer }, settle, source: sources.object }, all);
  } finally {
    // Whatever ended this early: the body may hold something open.
    await parts.return(undefined);
  }
}

async function putOnce(
  { client, place, uri }: S3Object,
  bytes: Uint8Array,
  notes: Record<string, string>,
  settle: () => Promise<boolean | undefined>,
): Promise<boolean> {
  let failure: unknown;
  for (let attempt = 0; attempt < PUT_TRIES_MAX; attempt++) {
    if (attempt > 0) await pause(attempt);
    try {
      await client.send(new PutObjectCommand({ ...place, Body: bytes, IfNoneMatch: '*', Metadata: notes }));
      return true;
    } catch (error) {
      if (!isUnclear(error)) throw codedObject('PutObject', uri, error);
      // 412: something stands. 409: another write of this key was under way. Else the answer is missing, and our
      // bytes may stand. Nothing there: what stood is gone, or nothing was written; the same again does no harm.
      const ours = await settle();
      if (ours !== undefined) return ours;
      failure = error;
    }
  }
  throw triesSpent('PutObject', uri, PUT_TRIES_MAX, failure);
}

/** Only what stands under the key now says whether this write was made. */
function isUnclear(error: unknown): boolean {
  return statusOf(error) === 412 || statusOf(error) === 409 || isTransient(error);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array | ObjectRange> {
  yield bytes;
}

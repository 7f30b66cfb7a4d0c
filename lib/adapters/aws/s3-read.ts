import { GetObjectCommand, type GetObjectCommandOutput, HeadObjectCommand } from '@aws-sdk/client-s3';
import { objectChanged, objectMissing } from '../../ports/errors';
import { pause } from './backoff';
import { isTransient, statusOf } from './failures';
import { bareEtag, codedObject, isMissing, quotedEtag, type S3Object } from './s3-object';

/** How often a body that broke off is asked for again; the SDK retries only up to the answer's first byte. */
const BODY_TRIES_MAX = 6;

export interface Head {
  readonly size: number;
  readonly etag: string;
  /** What its writer noted beside it. */
  readonly notes: Readonly<Record<string, string>>;
}

/** @throws TM_5202 for a 403, which may stand for a missing object */
export async function headObject({ client, place, uri }: S3Object): Promise<Head | undefined> {
  try {
    const answer = await client.send(new HeadObjectCommand(place));
    return {
      size: answer.ContentLength ?? 0,
      etag: bareEtag(answer.ETag),
      notes: answer.Metadata ?? {},
    };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw codedObject('HeadObject', uri, error);
  }
}

/** The whole object, or the bytes of a Range header; undefined when it is missing. */
export async function getObject(object: S3Object, range?: string): Promise<Uint8Array | undefined> {
  for (let attempt = 0; ; attempt++) {
    try {
      const answer = await object.client.send(new GetObjectCommand({ ...object.place, Range: range }));
      return await wholeBody(answer);
    } catch (error) {
      if (isMissing(error)) return undefined;
      if (!isTransient(error) || attempt + 1 >= BODY_TRIES_MAX) {
        throw statusOf(error) === 416 ? error : codedObject('GetObject', object.uri, error);
      }
    }
    await pause(attempt);
  }
}

/** Into memory of the answer's length: gathered and joined, as the SDK does it, the object would stand there twice. */
async function wholeBody({ Body, ContentLength }: GetObjectCommandOutput): Promise<Uint8Array> {
  if (ContentLength === undefined) return (await Body?.transformToByteArray()) ?? new Uint8Array();
  const bytes = new Uint8Array(ContentLength);
  let at = 0;
  for await (const piece of (Body ?? []) as AsyncIterable<Uint8Array>) {
    if (at + piece.length > bytes.length) throw brokenOff();
    bytes.set(piece, at);
    at += piece.length;
  }
  if (at < bytes.length) throw brokenOff();
  return bytes;
}

/** Bytes [start, end). @throws OBJECT_MISSING when the object is missing or shorter */
export async function rangeOfObject(object: S3Object, start: number, end: number): Promise<Uint8Array> {
  // HTTP has no header for no bytes, nor for those before the first.
  const askable = start >= 0 && end > start;
  if (askable) {
    const bytes = await getObject(object, `bytes=${start}-${end - 1}`).catch(error => {
      if (statusOf(error) === 416) return new Uint8Array();
      throw error;
    });
    if (bytes?.length === end - start) return bytes;
  }
  const head = await headObject(object);
  if (!head) throw objectMissing(object.uri, 'is missing');
  if (askable || start < 0 || end < start || end > head.size) {
    throw objectMissing(object.uri, `has no bytes ${start} to ${end}, only ${head.size}`);
  }
  return new Uint8Array();
}

/**
 * The object's bytes as they come. A connection that breaks is taken up again where it broke, under the same etag:
 * the pieces are always of one object. @throws OBJECT_CHANGED when that is gone or replaced
 */
export async function* streamObject(object: S3Object, etag: string): AsyncGenerator<Uint8Array> {
  let offset = 0;
  let size: number | undefined;
  for (let attempt = 0; size === undefined || offset < size; attempt++) {
    if (attempt > 0) await pause(attempt);
    const answer = await openAt(object, etag, offset);
    size ??= answer.ContentLength ?? 0;
    try {
      for await (const piece of (answer.Body ?? []) as AsyncIterable<Uint8Array>) {
        offset += piece.length;
        yield piece;
      }
      if (offset < size) throw brokenOff();
    } catch (error) {
      // At the end there is nothing left to ask for: then the checksum did not match.
      if (!isTransient(error) || offset >= size || attempt + 1 >= BODY_TRIES_MAX) {
        throw codedObject('GetObject', object.uri, error);
      }
    }
  }
}

async function openAt(object: S3Object, etag: string, offset: number): Promise<GetObjectCommandOutput> {
  try {
    return await object.client.send(
      new GetObjectCommand({
        ...object.place,
        IfMatch: quotedEtag(etag),
        ...(offset > 0 ? { Range: `bytes=${offset}-` } : {}),
      }),
    );
  } catch (error) {
    if (isMissing(error) || statusOf(error) === 412) throw objectChanged(object.uri);
    throw codedObject('GetObject', object.uri, error);
  }
}

/** As the network says it, for those who judge it. */
function brokenOff(): Error {
  return Object.assign(new Error('the body broke off'), { code: 'ECONNRESET' });
}

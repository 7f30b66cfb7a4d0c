import type { S3Client } from '@aws-sdk/client-s3';
import { TidemarkError } from '../../errors';
import { awsFailed, awsMissing, objectForbidden } from './errors';
import { nameOf, statusOf } from './failures';

/** One object, there or not, and how to reach it. */
export interface S3Object {
  readonly client: S3Client;
  readonly place: { readonly Bucket: string; readonly Key: string };
  readonly uri: string;
}

/** S3 writes an etag in quotes, and takes it in quotes in conditions. */
export const bareEtag = (etag: string | undefined) => (etag ?? '').replaceAll('"', '');
export const quotedEtag = (etag: string) => `"${etag}"`;

/** Nothing stands under the key. A bucket that is gone is something else, except to HEAD, which names no reason. */
export function isMissing(error: unknown): boolean {
  return statusOf(error) === 404 && nameOf(error) !== 'NoSuchBucket';
}

/** The coded error for a failed call about an object; other errors (a body's own, ours) stay as they are. */
export function codedObject(call: string, uri: string, error: unknown): unknown {
  if (error instanceof TidemarkError) return error;
  if (statusOf(error) === 403) return objectForbidden(uri, error);
  if (nameOf(error) === 'NoSuchBucket') return awsMissing(call, uri, error);
  return awsFailed(call, uri, error);
}

/** What S3 sends, as far as it is read. */
interface S3Notification {
  readonly Records?: readonly {
    readonly eventName: string;
    readonly s3: { readonly bucket: { readonly name: string }; readonly object: { readonly key: string } };
  }[];
}

/**
 * The keys that a message from S3, or from a sweep in S3's form, says were created in the bucket. None for the test
 * event that a bucket sends when it is connected, and none for what was deleted. Folder markers hold no rows.
 */
export function createdKeys(message: object, bucket: string): string[] {
  const { Records = [] } = message as S3Notification;
  return Records.filter(({ eventName }) => eventName.startsWith('ObjectCreated:'))
    .filter(({ s3 }) => s3.bucket.name === bucket)
    .map(({ s3 }) => decodeKey(s3.object.key))
    .filter(key => !key.endsWith('/'));
}

/** A notification writes keys as a form does: blanks as `+`, all else beyond plain letters by percent and UTF-8. */
function decodeKey(key: string): string {
  return decodeURIComponent(key.replaceAll('+', ' '));
}

import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { MOTO, standIn } from '../../endpoints';
import type { Maker } from '../resource';

const s3 = new S3Client({ ...standIn(MOTO), forcePathStyle: true });

/** What it notifies of, the driver does: it is told of every upload (driver/landing.ts). */
export const bucket: Maker = async ({ VersioningConfiguration: versioning }, name) => {
  // Bucket names know no capitals, and at most 63 characters.
  const Bucket = name
    .toLowerCase()
    .slice(-63)
    .replace(/^[^a-z0-9]+/, '');
  await s3.send(new CreateBucketCommand({ Bucket }));
  if (versioning) {
    const VersioningConfiguration = versioning as { Status: 'Enabled' };
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  }
  return { ref: Bucket, attributes: { Arn: `arn:aws:s3:::${Bucket}` } };
};

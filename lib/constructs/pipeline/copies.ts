import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Right } from './rights';

/**
 * Copies of tables, at the places that the config names and nowhere else. Of a missing file S3 says 403 where only a
 * folder may be listed, not 404.
 */
export const readsCopies: Right = ({ storage, loads }) =>
  (loads?.from ?? []).map(partsOf).flatMap(({ bucket, prefix }) => {
    const arn = Stack.of(storage).formatArn({
      service: 's3',
      region: '',
      account: '',
      resource: bucket,
    });
    return [
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [arn],
        ...(prefix === '' ? {} : { conditions: { StringLike: { 's3:prefix': [`${prefix}*`] } } }),
      }),
      new PolicyStatement({ actions: ['s3:GetObject'], resources: [`${arn}/${prefix}*`] }),
    ];
  });

/** The keys under which copies stand, opened through S3 alone. */
export const opensCopies: Right = ({ storage, loads }) => {
  const keys = loads?.kmsKeyArns ?? [];
  if (keys.length === 0) return [];
  const through = { 'kms:ViaService': `s3.${Stack.of(storage).region}.amazonaws.com` };
  return [
    new PolicyStatement({
      actions: ['kms:Decrypt'],
      resources: [...keys],
      conditions: { StringEquals: through },
    }),
  ];
};

/** `s3://exports/shop/` -> exports, shop/ */
function partsOf(from: string): { bucket: string; prefix: string } {
  const [bucket = '', ...prefix] = from.slice('s3://'.length).split('/');
  return { bucket, prefix: prefix.join('/') };
}

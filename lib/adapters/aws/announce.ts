import { PutBucketNotificationConfigurationCommand, type S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { awsFailed } from './errors';

/**
 * Has a bucket tell a queue of every object that is made in it. A bucket that a stack took in keeps the notification of
 * the stack before it: an import changes nothing of what it imports.
 */
export async function announceObjects(
  s3: S3Client,
  sqs: SQSClient,
  { bucket, queue }: { readonly bucket: string; readonly queue: string },
): Promise<void> {
  try {
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: queue, AttributeNames: ['QueueArn'] }),
    );
    const QueueConfigurations = [{ QueueArn: Attributes?.QueueArn, Events: ['s3:ObjectCreated:*' as const] }];
    await s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: bucket,
        NotificationConfiguration: { QueueConfigurations },
      }),
    );
  } catch (error) {
    throw awsFailed('the notification of the bucket', `bucket ${bucket}`, error);
  }
}

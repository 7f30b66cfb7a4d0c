import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { TIMEOUT_SECONDS } from '../pipeline/timeouts';
import { WorkQueue } from '../work-queue';

/**
 * The queue that learns of every object put into the landing bucket. It stands beside the bucket: in a stack of its
 * own, bucket and queue would each have to be deployed before the other.
 */
export function landingQueue(scope: Construct, landing: Bucket): WorkQueue {
  const work = new WorkQueue(scope, 'IngestQueue', { timeoutSeconds: TIMEOUT_SECONDS['ingest-files'] });
  // By account, not by bucket: the policy has to stand before the bucket that it would name.
  const { policyDependable } = work.queue.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal('s3.amazonaws.com')],
      actions: ['sqs:SendMessage'],
      resources: [work.queue.queueArn],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    }),
  );
  const bucket = landing.node.defaultChild as CfnBucket;
  // A property of the bucket: the CDK's own way deploys a function that sets it afterwards.
  bucket.notificationConfiguration = {
    queueConfigurations: [{ event: 's3:ObjectCreated:*', queue: work.queue.queueArn }],
  };
  // S3 sends a test message when the notification is set, and refuses it if that is turned away.
  if (policyDependable) bucket.node.addDependency(policyDependable);
  return work;
}

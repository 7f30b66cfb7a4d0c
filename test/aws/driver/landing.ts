import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Deployed } from '../deployer/deploy';
import { ACCOUNT, REGION } from '../deployer/intrinsics';
import { ofType, type Resource } from '../deployer/resource';
import { MOTO, standIn } from '../endpoints';
import type { Chances } from './chances';

const s3 = new S3Client({ ...standIn(MOTO), forcePathStyle: true });
const sqs = new SQSClient(standIn(MOTO));

/** Puts a file into the landing, and tells whom the bucket's notification names. */
export type Upload = (key: string, body: string | Uint8Array) => Promise<void>;

/** @throws when the queue's policy does not let S3 send: S3 would refuse the notification at deploy */
export function landing({ resources, outputs }: Deployed, lake: string, chances: Chances): Upload {
  const name = outputs[`${lake}LandingBucket`];
  const bucket = ofType(resources, 'AWS::S3::Bucket').find(({ ref }) => ref === name);
  const urls = notifiedQueues(bucket!).map(arn => urlOf(resources, arn));
  return async (key, body) => {
    const { ETag } = await s3.send(new PutObjectCommand({ Bucket: name, Key: key, Body: body }));
    const size = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    const MessageBody = JSON.stringify(notification(name!, { key, size, etag: ETag! }));
    for (const QueueUrl of urls) {
      for (let i = chances.copies(); i > 0; i--) {
        const DelaySeconds = chances.delaySeconds();
        await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, DelaySeconds }));
      }
    }
  };
}

interface QueueNotification {
  readonly Event: string;
  readonly Queue: string;
}

function notifiedQueues({ properties }: Resource): string[] {
  const configured = properties.NotificationConfiguration as {
    QueueConfigurations: readonly QueueNotification[];
  };
  return configured.QueueConfigurations.filter(({ Event }) => Event === 's3:ObjectCreated:*').map(
    ({ Queue }) => Queue,
  );
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Principal: { readonly Service?: string };
}

function urlOf(resources: readonly Resource[], arn: string): string {
  const queue = ofType(resources, 'AWS::SQS::Queue').find(({ attributes }) => attributes.Arn === arn)!;
  const policies = ofType(resources, 'AWS::SQS::QueuePolicy').filter(({ properties }) =>
    (properties.Queues as string[]).includes(queue.ref),
  );
  const statements = policies.flatMap(
    ({ properties }) => (properties.PolicyDocument as { Statement: Statement[] }).Statement,
  );
  const allowed = statements.some(
    ({ Effect, Action, Principal }) =>
      Effect === 'Allow' &&
      Principal.Service === 's3.amazonaws.com' &&
      [Action].flat().includes('sqs:SendMessage'),
  );
  if (!allowed) throw new Error(`the policy of ${arn} does not let S3 send`);
  return queue.ref;
}

let sequence = 0;

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
function notification(bucket: string, { key, size, etag }: { key: string; size: number; etag: string }) {
  return {
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        awsRegion: REGION,
        eventTime: new Date().toISOString(),
        eventName: 'ObjectCreated:Put',
        userIdentity: { principalId: 'EXAMPLE' },
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: 'landing',
          bucket: { name: bucket, ownerIdentity: { principalId: ACCOUNT }, arn: `arn:aws:s3:::${bucket}` },
          object: {
            // As a form writes it.
            key: new URLSearchParams([['', key]]).toString().slice(1).replaceAll('%2F', '/'),
            size,
            eTag: etag.replaceAll('"', ''),
            sequencer: (++sequence).toString(16).padStart(18, '0').toUpperCase(),
          },
        },
      },
    ],
  };
}

import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { MOTO, standIn } from '../../endpoints';
import type { Maker } from '../resource';

const sqs = new SQSClient(standIn(MOTO));

/** Attributes of a queue that SQS takes as the template writes them. */
const ATTRIBUTES = [
  'ContentBasedDeduplication',
  'DelaySeconds',
  'FifoQueue',
  'MessageRetentionPeriod',
  'RedrivePolicy',
  'VisibilityTimeout',
] as const;

export const queue: Maker = async (properties, name) => {
  const set = ATTRIBUTES.filter(attribute => properties[attribute] !== undefined).map(attribute => {
    const value = properties[attribute];
    return [attribute, typeof value === 'object' ? JSON.stringify(value) : String(value)];
  });
  const QueueName = `${name.slice(-70)}${properties.FifoQueue === true ? '.fifo' : ''}`;
  const { QueueUrl } = await sqs.send(
    // A standard queue has no attribute that says that it is none of the other kind.
    new CreateQueueCommand({ QueueName, Attributes: Object.fromEntries(set) }),
  );
  const asked = { QueueUrl, AttributeNames: ['QueueArn' as const] };
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand(asked));
  return { ref: QueueUrl!, attributes: { Arn: Attributes!.QueueArn!, QueueName, QueueUrl: QueueUrl! } };
};

import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import type { Deployed } from '../deployer/deploy';
import { REGION } from '../deployer/intrinsics';
import { ofType } from '../deployer/resource';
import { MOTO, standIn } from '../endpoints';
import type { Chances } from './chances';
import type { Invoked } from './environment';
import type { Fleet } from './fleet';

const sqs = new SQSClient(standIn(MOTO));

/** Two processors: more runs of a function at once than the machine can run prove nothing more. */
const RUNS_MAX = 2;

/** A queue that a function reads. */
export interface QueueSource {
  readonly lambda: string;
  /** Hands out what the queue gives until it gives nothing; true if it gave anything. */
  drain(): Promise<boolean>;
}

interface Mapping {
  readonly lambda: string;
  readonly arn: string;
  readonly url: string;
  readonly batchSize: number;
  readonly reportsFailures: boolean;
  readonly runsMax: number;
}

/** The event source mappings of queues, as the templates state them. */
export function queueSources({ resources }: Deployed, fleet: Fleet, chances: Chances): QueueSource[] {
  const queues = new Map(ofType(resources, 'AWS::SQS::Queue').map(q => [q.attributes.Arn!, q.ref]));
  return ofType(resources, 'AWS::Lambda::EventSourceMapping').flatMap(({ properties }) => {
    const arn = properties.EventSourceArn as string;
    const url = queues.get(arn);
    if (url === undefined) return [];
    const scaling = properties.ScalingConfig as { MaximumConcurrency?: number } | undefined;
    const answers = (properties.FunctionResponseTypes ?? []) as string[];
    const mapping = {
      lambda: fleet.byArn(properties.FunctionName as string).name,
      arn,
      url,
      batchSize: Number(properties.BatchSize ?? 10),
      reportsFailures: answers.includes('ReportBatchItemFailures'),
      runsMax: Math.min(scaling?.MaximumConcurrency ?? RUNS_MAX, RUNS_MAX),
    };
    return [{ lambda: mapping.lambda, drain: () => drain(mapping, fleet, chances) }];
  });
}

async function drain(mapping: Mapping, fleet: Fleet, chances: Chances): Promise<boolean> {
  const runs = Array.from({ length: mapping.runsMax }, async () => {
    let worked = false;
    while (await batch(mapping, fleet, chances)) worked = true;
    return worked;
  });
  return (await Promise.all(runs)).includes(true);
}

/** Lambda long-polls; the driver looks, and looks again. */
async function batch(mapping: Mapping, fleet: Fleet, chances: Chances): Promise<boolean> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: mapping.url,
      MaxNumberOfMessages: Math.min(mapping.batchSize, 10),
      MessageSystemAttributeNames: ['All'],
    }),
  );
  if (Messages.length === 0) return false;
  const event = eventOf(mapping.arn, Messages);
  const [first, ...others] = await Promise.all(
    // As after a visibility timeout that came too soon: the same messages, to two runs.
    Array.from({ length: chances.twiceAtOnce() ? 2 : 1 }, () => fleet.invoke(mapping.lambda, event)),
  );
  const failed = [first!, ...others].map(invoked => failures(mapping, invoked, Messages));
  await Promise.all(
    Messages.map(message =>
      settle(
        mapping.url,
        message,
        failed.every(ids => ids.has(message.MessageId!)),
      ),
    ),
  );
  return true;
}

/** Ids of the messages that come again. @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html */
function failures(
  { reportsFailures }: Mapping,
  invoked: Invoked,
  messages: readonly Message[],
): ReadonlySet<string> {
  const all = new Set(messages.map(message => message.MessageId!));
  if (!invoked.ok) return all;
  if (!reportsFailures || !invoked.answer) return new Set();
  const { batchItemFailures = [] } = invoked.answer as {
    batchItemFailures?: { itemIdentifier: string }[];
  };
  const ids = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  return ids.every(id => all.has(id)) ? new Set(ids) : all;
}

/** What failed is seen again when its visibility timeout is over: at once, as nobody here waits for six minutes. */
async function settle(QueueUrl: string, { ReceiptHandle }: Message, failed: boolean): Promise<void> {
  if (!failed) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  else await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
}

function eventOf(eventSourceARN: string, messages: readonly Message[]): SQSEvent {
  return {
    Records: messages.map(({ MessageId, ReceiptHandle, Body, Attributes, MD5OfBody }) => ({
      messageId: MessageId!,
      receiptHandle: ReceiptHandle!,
      body: Body!,
      attributes: Attributes as unknown as SQSEvent['Records'][number]['attributes'],
      messageAttributes: {},
      md5OfBody: MD5OfBody!,
      eventSource: 'aws:sqs',
      eventSourceARN,
      awsRegion: REGION,
    })),
  };
}

/** Messages of a queue, wherever they are: to be read, being worked on, or delayed. */
export async function messagesIn(QueueUrl: string): Promise<number> {
  const AttributeNames = [
    'ApproximateNumberOfMessages',
    'ApproximateNumberOfMessagesNotVisible',
    'ApproximateNumberOfMessagesDelayed',
  ] as const;
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] }),
  );
  return AttributeNames.reduce((sum, name) => sum + Number(Attributes[name]), 0);
}

import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { AwsLake } from '../lib/runtime/aws';
import { counted, failed } from './telemetry';
import { type Invocation, type Until, untilOf } from './time';

/** A message that is begun with less time than this would be cut off in the middle. */
const MESSAGE_MS_MIN = 30_000;

/** A message of a queue, and whether it is received for the first time. */
export interface Received<Message> {
  readonly message: Message;
  readonly isFirst: boolean;
}

/**
 * A function that works a queue off, one message after the other. A message that fails comes again by itself, and
 * after the queue's finite number of receives it waits in the dead-letter queue: none blocks another.
 * @param work is given a message's body and until when it may run
 */
export function queueHandler<Message>(
  lake: Pick<AwsLake, 'config' | 'ports'>,
  work: (message: Message, until: Until) => Promise<void>,
): QueueFunction {
  return batchHandler<Message>(lake, async (received, until) => {
    const first = received[0];
    return async one => {
      if (one !== first && !hasTime(until)) throw new Error('the time is nearly over');
      await work(one.message, until);
    };
  });
}

type QueueFunction = (event: SQSEvent, invocation: Invocation) => Promise<SQSBatchResponse>;

export const hasTime = (until: Until) => until.leftMs() >= MESSAGE_MS_MIN;

/**
 * The same for a function that looks at all its messages at once.
 * @param begin is given those that can be read, and gives what is to be done for each of them
 */
export function batchHandler<Message>(
  { config, ports }: Pick<AwsLake, 'config' | 'ports'>,
  begin: (
    received: readonly Received<Message>[],
    until: Until,
  ) => Promise<(one: Received<Message>) => Promise<void>>,
): QueueFunction {
  return (event, invocation) =>
    counted(config.name, async () => {
      const received = new Map(event.Records.map(record => [record, readMessage<Message>(record)]));
      const work = await begin([...received.values()].filter(isReceived), untilOf(ports.clock, invocation));
      const each = async (record: SQSRecord) => {
        try {
          const one = received.get(record)!;
          if (!isReceived(one)) throw one;
          await work(one);
        } catch (error) {
          failed(`message ${record.messageId} failed`, error);
          throw error;
        }
      };
      return processPartialResponse(event, each, new BatchProcessor(EventType.SQS), {
        processInParallel: false,
      });
    });
}

function readMessage<Message>({ body, attributes }: SQSRecord): Received<Message> | Error {
  try {
    const message = JSON.parse(body) as Message;
    return { message, isFirst: Number(attributes?.ApproximateReceiveCount) === 1 };
  } catch (error) {
    return error as Error;
  }
}

function isReceived<Message>(one: Received<Message> | Error): one is Received<Message> {
  return !(one instanceof Error);
}

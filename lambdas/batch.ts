import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { AwsLake } from '../lib/runtime/aws';
import { failed } from './telemetry';
import { type Invocation, type Until, untilOf } from './time';
import { withTables } from './with-tables';

/** A message of a queue, and whether it is received for the first time. */
export interface Received<Message> {
  readonly message: Message;
  readonly isFirst: boolean;
}

export type QueueFunction = (event: SQSEvent, invocation: Invocation) => Promise<SQSBatchResponse>;

/**
 * A function that looks at all its messages at once. One that fails comes again by itself, and after the queue's finite
 * number of receives it waits in the dead-letter queue: none blocks another.
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
    withTables({ config, ports }, async () => {
      const received = new Map(event.Records.flatMap(record => readMessage<Message>(record)));
      const work = await begin([...received.values()], untilOf(ports.clock, invocation));
      const each = async (record: SQSRecord) => {
        try {
          const one = received.get(record);
          if (!one) throw new Error('its body is no JSON');
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

function readMessage<Message>(record: SQSRecord): [SQSRecord, Received<Message>][] {
  const isFirst = Number(record.attributes?.ApproximateReceiveCount) === 1;
  try {
    return [[record, { message: JSON.parse(record.body) as Message, isFirst }]];
  } catch {
    return [];
  }
}

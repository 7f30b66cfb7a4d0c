import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { AwsLake } from '../lib/runtime/aws';
import { counted, failed } from './telemetry';
import { type Invocation, type Until, untilOf } from './time';

/** A message that is begun with less time than this would be cut off in the middle. */
const MESSAGE_MS_MIN = 30_000;

/**
 * A function that works a queue off, one message after the other. A message that fails comes again by itself, and
 * after the queue's finite number of receives it waits in the dead-letter queue: none blocks another.
 * @param work is given a message's body and until when it may run
 */
export function queueHandler<Message>(
  { config, ports }: Pick<AwsLake, 'config' | 'ports'>,
  work: (message: Message, until: Until) => Promise<void>,
): (event: SQSEvent, invocation: Invocation) => Promise<SQSBatchResponse> {
  return (event, invocation) =>
    counted(config.name, () => {
      const until = untilOf(ports.clock, invocation);
      const first = event.Records[0];
      const each = async (record: SQSRecord) => {
        try {
          if (record !== first && until.leftMs() < MESSAGE_MS_MIN) throw new Error('the time is nearly over');
          await work(JSON.parse(record.body) as Message, until);
        } catch (error) {
          failed(`message ${record.messageId} failed`, error);
          throw error;
        }
      };
      const processor = new BatchProcessor(EventType.SQS);
      return processPartialResponse(event, each, processor, { processInParallel: false });
    });
}

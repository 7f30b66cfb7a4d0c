import type { AwsLake } from '../lib/runtime/aws';
import { batchHandler, type QueueFunction } from './batch';
import type { Until } from './time';

/** A message that is begun with less time than this would be cut off in the middle. */
const MESSAGE_MS_MIN = 30_000;

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

export const hasTime = (until: Until) => until.leftMs() >= MESSAGE_MS_MIN;
